"""Products and the ledger as files of any length, in flat memory."""
