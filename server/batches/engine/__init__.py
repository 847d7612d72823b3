"""Run chunks: one transaction each, and an outcome for every item."""
