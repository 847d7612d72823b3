"""Commands on this machine: keys, samples, indexes, the schema and the settings."""
