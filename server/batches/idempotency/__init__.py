"""Idempotency keys: their form, the content that each stands for, and the batch that holds it."""
