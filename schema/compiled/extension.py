"""The extension that learns new texts, and runs their plans."""

from collections.abc import AsyncIterator
from typing import Protocol, cast

from strawberry.extensions import SchemaExtension
from typing_extensions import override

from schema.compiled.operations import CompiledOperations
from schema.compiled.stock import PlannedRequest, executed


class Compiling(Protocol):
    """A schema that keeps compiled operations."""

    @property
    def operations(self) -> CompiledOperations: ...


class Compilation(SchemaExtension):
    """Learn a text that has been validated, and answer the request by its plan where there is one.

    It is the last extension: the others have had their say when it begins.
    """

    @override
    async def on_execute(self) -> AsyncIterator[None]:
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            operations = cast("Compiling", context.schema).operations
            name = context._provided_operation_name  # noqa: SLF001 - as in OneOperation
            operation = operations.learn(context.query, name, document)
            request = PlannedRequest(
                context=context.context,
                root_value=context.root_value,
                extensions=context.operation_extensions,
            )
            sent = context.variables or {}
            context.result = await operation.run(request, sent)
            if context.result is None and sent:
                context.result = await executed(context.schema, document, name, request, sent)
        yield
