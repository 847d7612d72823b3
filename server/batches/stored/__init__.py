"""Batches in the database: submit, lay out, claim, run, complete, cancel and retry them."""
