"""Commands against any server, by its HTTP API alone."""
