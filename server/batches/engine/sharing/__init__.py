"""How the chunks of all requests share the process: turns, slots, and transactions in common."""
