"""The output types."""
