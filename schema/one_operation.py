"""The rule that a request executes one operation, and names it if its text has several."""

from collections.abc import Iterator

from graphql import GraphQLError, get_operation_ast
from strawberry.extensions import SchemaExtension
from typing_extensions import override

_SEVERAL = "Must provide operation name if query contains multiple operations."


class OneOperation(SchemaExtension):
    """Refuse several operations without a name; Strawberry would execute the first one."""

    @override
    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        name = context._provided_operation_name  # noqa: SLF001 - operation_name falls back to the first
        if document and get_operation_ast(document, name) is None:
            context.pre_execution_errors = [GraphQLError(_SEVERAL)]
        yield
