"""Delete products, with their rows of the ledger if the caller says so."""
