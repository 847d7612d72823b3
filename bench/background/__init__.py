"""Batches that run in the background: how soon they are accepted, and how they are run."""
