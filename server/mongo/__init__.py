"""Everything that knows the database driver: transactions, repositories, the embedded mongod."""
