"""What one request does to everybody else: the requests, and how their effect is measured."""
