"""Put the schema together."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import strawberry
from graphql import ExecutionResult as GraphQLResult
from graphql import GraphQLError
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from schema import enums  # noqa: F401 - describes the enumerations before they are used
from schema.compiled.extension import Compilation
from schema.compiled.operations import CompiledOperations
from schema.compiled.stock import PlannedRequest
from schema.context import Context
from schema.errors import client_error, replace_errors
from schema.idempotency import Idempotency, replay_mark
from schema.introspection_by_admins import IntrospectionByAdmins
from schema.json_words import speak_json
from schema.limits.text import FaultyText, Texts
from schema.long_lists import SlicingExecutor
from schema.mutation import Mutation
from schema.one_operation import OneOperation
from schema.query import Query
from schema.scalars import DATE_TIME, FLOAT
from schema.subscription import Subscription
from schema.types.stock_update_result import StockUpdateApplied, StockUpdateFailed
from server.domain.errors import Overloaded, QueryTooExpensive


class Schema(strawberry.Schema):
    """Strawberry's schema, with the errors of `schema.errors`.

    All errors pass `process_errors` before they are sent, over HTTP and over WebSocket.
    """

    @override
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        replace_errors(errors)

    @cached_property
    def operations(self) -> CompiledOperations:
        """Return the operations that came before, each with its plan."""
        return CompiledOperations(self)

    @cached_property
    def texts(self) -> Texts:
        """Return what parses and validates the texts of requests."""
        return Texts(self._schema)

    @override
    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """Read the text in our own way, of which Strawberry has no setting for a thread or limits."""
        try:
            if context.query:
                context.graphql_document = await self.texts.read(context.query, context.context)
                context.pre_execution_errors = []  # it is valid: not to be validated again
        except FaultyText as fault:
            context.graphql_document = fault.document
            context.pre_execution_errors = list(fault.errors)
            if fault.document is None:
                return PreExecutionError(data=None, errors=context.pre_execution_errors)
        except Overloaded as error:
            refusal = GraphQLError(str(error), original_error=error)
            return PreExecutionError(data=None, errors=[client_error(refusal)])
        return await super()._prepare_operation_async(context, extensions_runner)

    @override
    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Return one answer to one request. A subscription has many, so it is refused here."""
        allowed = {*(allowed_operation_types or OperationType)} - {OperationType.SUBSCRIPTION}
        operation = self.operations.known(query, operation_name)
        if operation and operation.is_allowed(allowed):
            request = PlannedRequest(
                context=context_value.for_an_operation() if context_value else None,
                root_value=root_value,
                extensions=operation_extensions,
            )
            try:
                if answer := await operation.run(request, variable_values or {}):
                    return self._executed(answer, request.context)
            except (QueryTooExpensive, Overloaded) as error:
                refusal = client_error(GraphQLError(str(error), original_error=error))
                return PreExecutionError(data=None, errors=[refusal])
        try:
            return await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed,
                operation_extensions,
            )
        except CannotGetOperationTypeError as error:
            refusal = client_error(GraphQLError(error.as_http_error_reason()))
            return PreExecutionError(data=None, errors=[refusal])

    def _executed(self, answer: GraphQLResult, context: Context | None) -> ExecutionResult:
        """Return the answer of a plan as Strawberry returns what it has executed."""
        if answer.errors:
            self.process_errors(answer.errors)
        return ExecutionResult(answer.data, answer.errors, replay_mark(context))


speak_json()
schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[StockUpdateApplied, StockUpdateFailed],
    extensions=[
        OneOperation,
        IntrospectionByAdmins,
        Idempotency,
        Compilation,
    ],
    execution_context_class=SlicingExecutor,
    config=StrawberryConfig(scalar_map={FLOAT.origin: FLOAT, DATE_TIME.origin: DATE_TIME}),
)
