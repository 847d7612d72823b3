"""Completers: the answer that graphql-core would make of a resolver's value, for the clean case."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import is_dataclass
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
    is_abstract_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.compiled.reading import Uncompilable
from schema.compiled.slices import SLICE, in_slices
from schema.compiled.source import Source

Completer = Callable[[Any], Awaitable[Any]]
Collect = Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]
PossibleTypes = Callable[[Any], Sequence[GraphQLObjectType]]

_CLEAN = {
    GraphQLString: "type({0}) is str",
    GraphQLID: "type({0}) is str",
    GraphQLBoolean: "type({0}) is bool",
    GraphQLInt: f"type({{0}}) is int and {GRAPHQL_MIN_INT} <= {{0}} <= {GRAPHQL_MAX_INT}",
}


class Surprise(Exception):
    """A resolver's value is not what its type says: graphql-core makes the answer."""


class Completers:
    """Writes the completers of one selection.

    `collect` returns the fields that are selected of a type: graphql-core's own function, so that
    fields are merged and ordered as it does.
    """

    def __init__(self, collect: Collect, possible_types: PossibleTypes) -> None:
        self._collect = collect
        self._possible_types = possible_types

    def of_field(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        """Return a function that completes the value of a root field; long lists in slices.

        Raises:
            Uncompilable: a field has a resolver of its own.
        """
        source = Source("async def complete(value)")
        writer = _Writer(self, source, waits=True)
        source.add(1, f"return {writer.value('value', type_, details, 1)}")
        return source.function()

    def of_list(self, item_type: Any, details: FieldDetailsList) -> Callable[[Any], Any]:
        """Return a function that completes a list of items."""
        source = Source("def complete_list(values)")
        source.add(1, "done = []")
        source.add(1, "append = done.append")
        source.add(1, "for value in values:")
        item = _Writer(self, source, waits=False).value("value", item_type, details, 2)
        source.add(2, f"append({item})")
        source.add(1, "return done")
        return source.function()

    def of_object(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Callable[..., Any]:
        """Return a function that completes an object whose class is known to be of the type."""
        source = Source("def complete_object(value)")
        writer = _Writer(self, source, waits=False)
        source.add(1, f"return {writer.fields('value', type_, details, 1)}")
        return source.function()

    def by_class(self, type_: Any, details: FieldDetailsList) -> dict[type, Callable[..., Any]]:
        """Return the completers of an interface or union, by the classes of its objects."""
        return {
            _class_of(possible): self.of_object(possible, details)
            for possible in self._possible_types(type_)
        }

    def selected(self, type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        """Return the selected fields of an object, by their names in the answer."""
        return self._collect(type_, details)


class _Writer:
    """Writes the statements that complete one value."""

    def __init__(self, completers: Completers, source: Source, *, waits: bool) -> None:
        self._completers = completers
        self._source = source
        self._waits = waits
        self._has_list = False

    def value(self, name: str, type_: Any, details: FieldDetailsList, depth: int) -> str:
        """Write the completion of the local `name`, and return the expression of the result."""
        if isinstance(type_, GraphQLNonNull):
            return self._present(name, type_.of_type, details, depth)
        done = self._source.new_local()
        self._source.add(depth, f"{done} = None")
        self._source.add(depth, f"if {name} is not None:")
        present = self._present(name, type_, details, depth + 1)
        self._source.add(depth + 1, f"{done} = {present}")
        return done

    def fields(
        self, name: str, type_: GraphQLObjectType, details: FieldDetailsList, depth: int
    ) -> str:
        """Write the completion of the selected fields of an object."""
        entries = []
        for key, selected in self._completers.selected(type_, details).items():
            field_name = selected[0].node.name.value
            if field_name == "__typename":
                entries.append(f"{key!r}: {type_.name!r}")
                continue
            field, local = type_.fields[field_name], self._source.new_local()
            self._source.add(depth, f"{local} = {name}.{_attribute(field)}")
            entries.append(f"{key!r}: {self.value(local, field.type, selected, depth)}")
        return f"{{{', '.join(entries)}}}"

    def _present(self, name: str, type_: Any, details: FieldDetailsList, depth: int) -> str:
        """Write the completion of a value that must not be None. Each of these is surprised by None."""
        if isinstance(type_, GraphQLList):
            return self._list(name, type_, details, depth)
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            return self._leaf(name, type_, depth)
        if isinstance(type_, GraphQLObjectType):
            class_ = self._source.name_of(_class_of(type_))
            test = f"type({name}) is {class_}"
            if type_.is_type_of is None:
                test += f" or {self._source.name_of(_is_value)}({name})"
            self._surprised_unless(test, depth)
            return self.fields(name, type_, details, depth)
        if is_abstract_type(type_):
            completers = self._source.name_of(self._completers.by_class(type_, details))
            return f"{completers}[type({name})]({name})"
        raise Uncompilable

    def _list(
        self, name: str, type_: GraphQLList[Any], details: FieldDetailsList, depth: int
    ) -> str:
        self._surprised_unless(f"type({name}) is list", depth)
        complete_list = self._source.name_of(self._completers.of_list(type_.of_type, details))
        at_once = f"{complete_list}({name})"
        if not self._waits:
            return at_once
        slices = self._source.name_of(in_slices)
        if self._has_list:  # fifteen lists of 1 000 are as long as one of 15 000
            return f"await {slices}({complete_list}, {name})"
        self._has_list = True
        return f"({at_once} if len({name}) <= {SLICE} else await {slices}({complete_list}, {name}))"

    def _leaf(self, name: str, type_: GraphQLScalarType | GraphQLEnumType, depth: int) -> str:
        if isinstance(type_, GraphQLScalarType) and type_ in _CLEAN:
            self._surprised_unless(_CLEAN[type_].format(name), depth)
            return name
        if isinstance(type_, GraphQLEnumType):
            return f"{self._source.name_of(_names(type_))}[{name}]"
        done = self._source.new_local()
        serialize = self._source.name_of(type_.coerce_output_value)
        undefined = self._source.name_of(Undefined)
        self._surprised_unless(f"{name} is not None", depth)
        self._source.add(depth, f"{done} = {serialize}({name})")
        self._surprised_unless(f"{done} is not None and {done} is not {undefined}", depth)
        return done

    def _surprised_unless(self, test: str, depth: int) -> None:
        self._source.add(depth, f"if not ({test}):")
        self._source.add(depth + 1, f"raise {self._source.name_of(Surprise)}")


def _attribute(field: GraphQLField) -> str:
    """Return the attribute that the field shows.

    Raises:
        Uncompilable: the field has a resolver, or something that wraps it.
    """
    shown = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if isinstance(shown, StrawberryField) and shown.is_basic_field:
        return shown.python_name
    raise Uncompilable


def _is_value(value: Any) -> bool:
    """Return whether this is a value, which may stand for a GraphQL object of its fields."""
    return isinstance(value, Struct) or (
        is_dataclass(value) and not isinstance(value, Exception | type)
    )


def _class_of(type_: GraphQLObjectType) -> type:
    """Return the class of the objects of this type; a generic class has no other when it runs."""
    definition: StrawberryObjectDefinition = type_.extensions[
        GraphQLCoreConverter.DEFINITION_BACKREF
    ]
    return (definition.concrete_of or definition).origin


def _names(type_: GraphQLEnumType) -> dict[Any, str]:
    """Return the names of an enumeration's members in answers."""
    members: Any = type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return {member: type_.coerce_output_value(member) for member in members.wrapped_cls}
