"""The rule that only admins ask a server in production about its schema."""

from collections.abc import Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from typing_extensions import override

from schema.context import Context
from schema.limits.introspection import asks_about_the_schema
from server.domain.errors import Forbidden

_REFUSED = (
    "Only admins may ask this server about its schema (__schema, __type): "
    "generate clients from schema/schema.graphql."
)


class IntrospectionByAdmins(SchemaExtension):
    """Refuse introspection to callers that may not have it.

    A plan never introspects, so a text that comes again passes here as well.
    """

    @override
    def on_validate(self) -> Iterator[None]:
        context, document = self.execution_context, self.execution_context.graphql_document
        caller: Context | None = context.context
        if document and caller and not caller.may_introspect and asks_about_the_schema(document):
            refused = Forbidden(_REFUSED)
            context.pre_execution_errors = [GraphQLError(_REFUSED, original_error=refused)]
        yield
