"""The rows of the ledger that wait in chunks: a view, which is never stored."""
