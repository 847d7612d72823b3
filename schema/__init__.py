"""The GraphQL contract: types, resolvers, and the conversion between them and the domain."""

from schema.build import schema

__all__ = ["schema"]
