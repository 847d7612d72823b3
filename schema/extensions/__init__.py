"""What plugs into Strawberry: limits on a request's text, and a cache for texts that come again."""
