"""The fault matrix: each command of the database × each way to fail × how often."""
