"""The console: the page of `/`, and the files that it loads from this server."""
