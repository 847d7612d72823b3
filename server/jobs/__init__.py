"""Loops that run beside the requests, and one pass of each."""
