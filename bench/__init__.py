"""How fast `batchUpdateStock` is, as ratios to plain PyMongo on the same database: `make bench`."""
