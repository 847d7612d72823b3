"""stockbatch: bulk inventory work over GraphQL, one MongoDB transaction per chunk."""
