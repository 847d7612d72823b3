"""Batches over REST, as in seed 3: the same as GraphQL's `submitBatch` and `batchOperation`."""
