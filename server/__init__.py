"""stockbatch: bulk inventory work over GraphQL, one MongoDB transaction per chunk."""

__version__ = "0.1.0"
