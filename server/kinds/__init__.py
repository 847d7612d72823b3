"""The kinds of batch, a folder each: pure rules, effects in a transaction, and a declaration."""
