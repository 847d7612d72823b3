"""The schema, put together."""

import logging

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext
from typing_extensions import override

from schema import enums  # noqa: F401 - describes the enumerations before they are used
from schema.errors import RequestErrors
from schema.mutation import Mutation
from schema.query import Query
from schema.query_cache import ShortParserCache, ShortValidationCache
from schema.scalars import DATE_TIME, FLOAT
from schema.types.stock_update_result import StockUpdateApplied, StockUpdateFailed


class Schema(strawberry.Schema):
    """Strawberry's, less its log: `RequestErrors` logs our own faults, and callers' are no news."""

    @override
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        logging.getLogger(__name__).debug("%d errors in a request", len(errors))


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[StockUpdateApplied, StockUpdateFailed],
    extensions=[RequestErrors, ShortParserCache, ShortValidationCache],
    config=StrawberryConfig(scalar_map={FLOAT.origin: FLOAT, DATE_TIME.origin: DATE_TIME}),
)
