"""The driver and the deployment: connecting, errors, evidence of a commit, the embedded mongod."""
