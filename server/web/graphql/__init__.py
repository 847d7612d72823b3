"""The route /graphql, over HTTP and WebSocket."""
