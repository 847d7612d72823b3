"""The command line: `stockbatch`, which is also `python -m server`."""
