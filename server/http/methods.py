"""The methods of HTTP that a route may be asked for, so that it is the route that refuses some."""

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
