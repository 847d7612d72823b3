"""Caches for query texts that come again: each is parsed and validated once.

A frontend sends the same few queries with other variables, and reading one costs more than running
a small batch: measured, 4.1 ms of CPU for one item without the caches, 2.4 ms with them.
"""

from collections.abc import Iterator
from contextlib import suppress

from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from typing_extensions import override

_LONGEST_CACHED = 10_000  # characters: a longer text holds a whole batch, and does not come again


class ShortParserCache(ParserCache):
    """Cache the documents of short query texts."""

    @override
    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if is_short(context.query):
            # After an error Strawberry parses the text itself, and reports the error.
            with suppress(GraphQLError, RecursionError):
                context.graphql_document = self.cached_parse_document(
                    context.query, **context.parse_options
                )
        yield


class ShortValidationCache(ValidationCache):
    """Cache the validation of short query texts."""

    @override
    def on_validate(self) -> Iterator[None]:
        if is_short(self.execution_context.query):
            yield from super().on_validate()
        else:
            yield


def is_short(query: str | None) -> bool:
    """Return whether the text may be kept."""
    return query is not None and len(query) <= _LONGEST_CACHED
