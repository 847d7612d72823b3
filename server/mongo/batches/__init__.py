"""Stored batches: their documents, states, chunks, results and removal."""
