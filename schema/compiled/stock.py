"""graphql-core's executor, for what a plan does not do itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    MiddlewareManager,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution import Executor
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable
from strawberry.utils.await_maybe import AwaitableOrValue, await_maybe

from schema.compiled.coercion import coerced
from schema.compiled.document import Document, stock_document
from schema.context import Context, hides_suggestions

Outcome = Callable[[], Any]  # returns what the resolver returned, or raises what it raised


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRequest:
    """What resolvers get of a request. `context` is this operation's own."""

    context: Context | None
    root_value: Any = None
    extensions: dict[str, Any] | None = None


def stock_executor(
    schema: strawberry.Schema, document: Document, values: VariableValues, request: PlannedRequest
) -> Executor[Any]:
    """Return the executor that Strawberry would use, with variables that have been read already."""
    make: Any = schema.execution_context_class  # its type is that of graphql-core's plain executor
    executor: Executor[Any] = make(
        document.schema,
        document.fragment_definitions,
        document.fragments,
        request.root_value,
        request.context,
        document.operation,
        values,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        is_awaitable=optimized_is_awaitable,
        hide_suggestions=hides_suggestions(request.context),
        operation_extensions=request.extensions,
    )
    return executor


async def executed(
    schema: strawberry.Schema,
    document: DocumentNode,
    operation_name: str | None,
    request: PlannedRequest,
    sent: Mapping[str, Any],
) -> ExecutionResult | None:
    """Return graphql-core's answer to a request with variables; None if Strawberry must execute it.

    graphql-core alone would read the variables in one piece, however many they are.
    """
    found = stock_document(schema._schema, document, operation_name)  # noqa: SLF001 - graphql-core's
    if found is None:
        return None
    values = await coerced(found, sent, request.context)
    if isinstance(values, ExecutionResult):
        return values
    executor = stock_executor(schema, found, values, request)
    running = cast("AwaitableOrValue[ExecutionResult]", executor.execute_operation())
    return await await_maybe(running)


async def completed(executor: Executor[Any], outcome: Outcome) -> ExecutionResult:
    """Return graphql-core's answer to a root field with this outcome. The resolver is not called."""

    def resolve(resolver: Any, source: Any, info: Any, **arguments: Any) -> Any:
        is_root = info.path.prev is None
        return outcome() if is_root else resolver(source, info, **arguments)

    executor.middleware_manager = MiddlewareManager(resolve)
    running = cast("AwaitableOrValue[ExecutionResult]", executor.execute_operation())
    return await await_maybe(running)
