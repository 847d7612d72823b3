"""Put the schema together."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from schema import enums  # noqa: F401 - describes the enumerations before they are used
from schema.errors import client_error, replace_errors
from schema.extensions.limits import alias_limit, token_limit
from schema.extensions.query_cache import ShortParserCache, ShortValidationCache
from schema.idempotency import Idempotency
from schema.mutation import Mutation
from schema.one_operation import OneOperation
from schema.query import Query
from schema.scalars import DATE_TIME, FLOAT
from schema.subscription import Subscription
from schema.types.stock_update_result import StockUpdateApplied, StockUpdateFailed


class Schema(strawberry.Schema):
    """Strawberry's schema, with the errors of `schema.errors`.

    All errors pass `process_errors` before they are sent, over HTTP and over WebSocket.
    """

    @override
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        replace_errors(errors)

    @override
    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Return one answer to one request. A subscription has many, so it is refused here."""
        allowed = kwargs.pop("allowed_operation_types", None) or OperationType
        kwargs["allowed_operation_types"] = {*allowed} - {OperationType.SUBSCRIPTION}
        try:
            return await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError as error:
            refusal = client_error(GraphQLError(error.as_http_error_reason()))
            return PreExecutionError(data=None, errors=[refusal])


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[StockUpdateApplied, StockUpdateFailed],
    extensions=[
        ShortParserCache,
        ShortValidationCache,
        OneOperation,
        token_limit,
        alias_limit,
        Idempotency,
    ],
    config=StrawberryConfig(scalar_map={FLOAT.origin: FLOAT, DATE_TIME.origin: DATE_TIME}),
)
