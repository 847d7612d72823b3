"""Every HTTP and WebSocket door, and the rules that all doors share."""
