"""The schema, put together."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from schema import enums  # noqa: F401 - describes the enumerations before they are used
from schema.errors import tell, told
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
    """Strawberry's, with errors as `schema.errors` tells them.

    `process_errors` is where all errors pass, over HTTP and over WebSocket, before they are sent.
    """

    @override
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        tell(errors)

    @override
    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """One answer to one request, which no subscription has: those are streamed."""
        allowed = kwargs.pop("allowed_operation_types", None) or OperationType
        kwargs["allowed_operation_types"] = {*allowed} - {OperationType.SUBSCRIPTION}
        try:
            return await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError as error:
            return PreExecutionError(
                data=None, errors=[told(GraphQLError(error.as_http_error_reason()))]
            )


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
