"""What the routes beside GraphQL share: bodies of JSON, and refusals."""
