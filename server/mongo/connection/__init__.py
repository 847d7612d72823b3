"""The connection: driver, deployment and embedded mongod; commits, their errors and evidence."""
