"""A rolling restart: the proxy before the servers, and the callers behind it."""
