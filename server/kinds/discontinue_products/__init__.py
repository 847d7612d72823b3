"""Discontinue products and take their stock to 0."""
