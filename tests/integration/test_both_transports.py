"""Errors are told and masked alike over HTTP and over WebSocket."""
