"""Give many products one new price, and publish it."""
