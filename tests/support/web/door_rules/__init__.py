"""The rules of the doors, by subject."""
