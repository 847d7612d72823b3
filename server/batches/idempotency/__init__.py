"""Idempotency keys: which request a key stands for, and its first answer again."""
