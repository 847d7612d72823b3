"""`batchCreateProducts`, `batchUpdateProducts` and `batchDeleteProducts`: sizes, and memory."""
