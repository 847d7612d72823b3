"""Batches over REST, as in seed 3: what GraphQL's `submitBatch` and `batchOperation` do."""
