"""The measurements: each file measures the rows of one table."""
