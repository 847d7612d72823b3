"""`batchUpdateStock`: sizes, where the time goes, and many callers at once."""
