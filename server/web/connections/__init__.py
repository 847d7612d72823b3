"""Connections, below requests: what a peer may send, how fast, and how many there may be."""
