"""Change the stock of products, with a row of the ledger for each update."""
