"""Requests that are well formed or nearly so, clients that send them, and what an answer may be."""
