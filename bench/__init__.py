"""Measure batches over HTTP against a plain PyMongo program on the same mongod: `make bench`."""
