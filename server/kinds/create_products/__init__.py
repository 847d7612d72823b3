"""Create products."""
