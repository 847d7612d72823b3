"""A request executes one operation: if its text has several, it says which."""

from collections.abc import Iterator

from graphql import GraphQLError, get_operation_ast
from strawberry.extensions import SchemaExtension
from typing_extensions import override

_SEVERAL = "Must provide operation name if query contains multiple operations."


class OneOperation(SchemaExtension):
    """Refuses what Strawberry would take for its first operation."""

    @override
    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        name = context._provided_operation_name  # noqa: SLF001 - operation_name is the first one's
        if document and get_operation_ast(document, name) is None:
            context.pre_execution_errors = [GraphQLError(_SEVERAL)]
        yield
