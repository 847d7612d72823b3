"""The route /graphql: HTTP, WebSocket, and the page for people."""
