"""A plan: how one operation is run without graphql-core."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult
from graphql import OperationType as Kind
from graphql.execution import Executor
from strawberry.types.graphql import OperationType

from schema.compiled.document import Document, document_of
from schema.compiled.reading import Uncompilable
from schema.compiled.root_field import RootField
from schema.compiled.selections import Selections
from schema.compiled.stock import PlannedRequest, completed, stock_executor
from schema.compiled.variables import Variable, read_variables, variables_of


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled form of one operation."""

    schema: strawberry.Schema
    document: Document
    variables: Sequence[Variable]
    selections: Selections

    @property
    def operation_type(self) -> OperationType:
        """Return the type of the operation."""
        return OperationType(self.document.operation.operation.value)

    async def run(self, request: PlannedRequest, sent: Mapping[str, Any]) -> ExecutionResult | None:
        """Return the answer to a request with the variables that were `sent`.

        None if the stock executor must run the request; then nothing has been done.
        """
        values = await read_variables(self.variables, sent)
        root = None if values is None else self.selections.root_field(values)
        if values is None or root is None:
            return None
        executor = stock_executor(self.schema, self.document, values, request)
        try:
            call = root.call(self.schema, executor)
        except Exception:  # noqa: BLE001 - graphql-core finds it again, and words it
            return None
        return await _answer(root, call, executor)


def plan_of(schema: strawberry.Schema, document: DocumentNode, operation_name: str | None) -> Plan:
    """Return a plan for an operation of a validated document.

    Raises:
        Uncompilable: no plan can run it. A plan answers once, and a subscription many times.
    """
    found = document_of(schema._schema, document, operation_name)  # noqa: SLF001 - graphql-core's
    if found.operation.operation is Kind.SUBSCRIPTION:
        raise Uncompilable("a subscription has many answers")
    variables = variables_of(found.schema, found.operation)
    return Plan(schema, found, variables, Selections(schema, found))


async def _answer(
    root: RootField, call: Callable[[], Awaitable[Any]], executor: Executor[Any]
) -> ExecutionResult:
    """Call the resolver, and complete what it returned."""
    try:
        value = await call()
    except Exception as error:  # noqa: BLE001 - raised again in the stock executor
        return await completed(executor, _raising(error))
    if root.completer is not None:
        try:
            return ExecutionResult({root.key: await root.completer(value)}, None)
        except Exception:  # noqa: BLE001, S110 - graphql-core finds it again, and words it
            pass
    return await completed(executor, lambda: value)


def _raising(error: Exception) -> Callable[[], Any]:
    def outcome() -> Any:
        raise error

    return outcome
