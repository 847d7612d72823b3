"""The schema as a contract: what a change of it breaks, and whether the changelog announces it."""
