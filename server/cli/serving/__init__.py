"""Run a server or a worker until a signal comes."""
