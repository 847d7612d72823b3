"""Products and the ledger of their stock updates."""
