"""The one root field of an operation: its arguments, its resolver, and how its value is completed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.field import StrawberryField
from strawberry.utils.await_maybe import await_maybe

from schema.compiled.completing import Completer
from schema.compiled.reading import Uncompilable
from schema.inputs.as_sent import is_as_sent


@dataclass(frozen=True, slots=True)
class _Argument:
    """An argument of a resolver. `is_as_sent`: Strawberry would pass its value unchanged."""

    name: str
    definition: StrawberryArgument
    is_as_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RootField:
    """A root field with all the fields of its name in the answer, which merge into it.

    `completer` is None if a field below it has a resolver of its own.
    """

    key: str
    details: FieldDetailsList
    parent_type: GraphQLObjectType
    definition: GraphQLField
    resolving: StrawberryField
    arguments: Sequence[_Argument]
    completer: Completer | None

    def call(
        self, schema: strawberry.Schema, executor: Executor[Any]
    ) -> Callable[[], Awaitable[Any]]:
        """Return the call of the resolver, with its arguments converted.

        Raises:
            Exception: an argument is wrong, in one of many ways; nothing has been called.
        """
        resolver = self.resolving.base_resolver
        if resolver is None:
            raise Uncompilable
        nodes = [one.node for one in self.details]
        values = get_argument_values(self.definition, nodes[0], executor.variable_values)
        path = Path(None, self.key, self.parent_type.name)
        raw_info = executor.build_resolve_info(self.definition, nodes, self.parent_type, path)
        info = schema.config.info_class(_raw_info=raw_info, _field=self.resolving)
        arguments = self._converted(schema, values, info)
        if resolver.info_parameter:
            arguments[resolver.info_parameter.name] = info
        source = [executor.root_value] if resolver.self_parameter else []

        async def call() -> Any:
            return await await_maybe(resolver(*source, **arguments))

        return call

    def _converted(
        self, schema: strawberry.Schema, values: dict[str, Any], info: strawberry.Info[Any, Any]
    ) -> dict[str, Any]:
        converted = {}
        for argument in self.arguments:
            if argument.name not in values:
                continue
            value = values[argument.name]
            if not argument.is_as_sent:
                value = convert_argument(
                    value,
                    argument.definition.type,
                    schema.schema_converter.scalar_registry,
                    schema.config,
                    info,
                    path=(argument.name,),
                )
            converted[argument.definition.python_name] = value
        return converted


def resolving_field(definition: GraphQLField) -> StrawberryField:
    """Return the field whose resolver is called with arguments and nothing around it.

    Raises:
        Uncompilable: it has no resolver, or an extension such as a permission.
    """
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(field, StrawberryField) or field.extensions or not field.base_resolver:
        raise Uncompilable
    if field.base_resolver.parent_parameter or field.base_resolver.root_parameter:
        raise Uncompilable
    return field


def arguments_of(schema: strawberry.Schema, field: StrawberryField) -> Sequence[_Argument]:
    """Return the arguments of a field's resolver."""
    name_of = schema.config.name_converter.from_argument
    return [
        _Argument(name_of(argument), argument, is_as_sent(argument.type))
        for argument in field.arguments
    ]
