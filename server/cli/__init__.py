"""The commands: serve, worker and schema."""
