"""How fast batches over HTTP are, as ratios to plain PyMongo on the same database: `make bench`."""
