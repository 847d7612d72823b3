"""Batches of any kind: the engine that runs chunks, stored batches, and idempotency keys."""
