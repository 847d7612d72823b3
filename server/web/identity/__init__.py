"""Who sends a request: API keys, JSON Web Tokens, and the caller that they stand for."""
