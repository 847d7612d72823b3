"""GraphiQL: the page of `/graphql` in a browser, and the files that it loads from this server."""
