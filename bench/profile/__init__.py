"""Where a server spends its time: `python -m bench profile`."""
