"""Change the name, price or category of products."""
