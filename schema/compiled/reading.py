"""Readers of input: the value that GraphQL's coercion would give for a clean value, or `Unclean`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
    is_required_input_field,
)
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.compiled.slices import SLICE, in_slices
from schema.compiled.source import Source
from schema.scalars import FLOAT

Reader = Callable[[Any], Awaitable[Any]]


class Uncompilable(Exception):
    """A plan cannot do this: the stock executor must."""


class Unclean(Exception):
    """The value may be wrong, or right in an unusual way: graphql-core decides, and words it."""


# A value passes if the test is true. Whatever else is right, as 3.0 for an Int, is not clean.
_CLEAN: Mapping[GraphQLScalarType | None, str] = {
    GraphQLString: "type({0}) is str",
    GraphQLID: "type({0}) is str",
    GraphQLBoolean: "type({0}) is bool",
    GraphQLInt: f"type({{0}}) is int and {GRAPHQL_MIN_INT} <= {{0}} <= {GRAPHQL_MAX_INT}",
    FLOAT.implementation: "type({0}) is int or type({0}) is float",
}


def reader(type_: GraphQLInputType) -> Reader:
    """Return a function that reads a value of this type; a long list in slices.

    The function raises `Unclean` or any other error for a value that is not clean.

    Raises:
        Uncompilable: there is no reader for such a type.
    """
    source = Source("async def read(value)")
    source.add(1, f"return {_Writer(source, waits=True).value('value', type_, 1)}")
    return source.function()


def _list_reader(item_type: GraphQLInputType) -> Callable[[list[Any]], list[Any]]:
    source = Source("def read_list(values)")
    source.add(1, "done = []")
    source.add(1, "append = done.append")
    source.add(1, "for value in values:")
    item = _Writer(source, waits=False).value("value", item_type, 2)
    source.add(2, f"append({item})")
    source.add(1, "return done")
    return source.function()


class _Writer:
    """Writes the statements that check one value. `waits`: the function may wait between slices."""

    def __init__(self, source: Source, *, waits: bool) -> None:
        self._source = source
        self._waits = waits

    def value(self, name: str, type_: GraphQLInputType, depth: int) -> str:
        """Write the check of the local `name`, and return the expression of what was read."""
        add = self._source.add
        if isinstance(type_, GraphQLNonNull):
            return self._present(name, type_.of_type, depth)
        read = self._source.new_local()
        add(depth, f"{read} = None")
        add(depth, f"if {name} is not None:")
        add(depth + 1, f"{read} = {self._present(name, type_, depth + 1)}")
        return read

    def _present(self, name: str, type_: Any, depth: int) -> str:
        """Write the check of a value that must not be None. Each of these refuses None."""
        if isinstance(type_, GraphQLList):
            return self._list(name, type_, depth)
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(name, type_, depth)
        if isinstance(type_, GraphQLScalarType) and type_ in _CLEAN:
            self._refuse_unless(_CLEAN[type_].format(name), depth)
            return name
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            self._refuse_unless(f"{name} is not None", depth)
            return f"{self._source.name_of(type_.coerce_input_value)}({name})"
        raise Uncompilable

    def _list(self, name: str, type_: GraphQLList[Any], depth: int) -> str:
        self._refuse_unless(f"type({name}) is list", depth)
        read_list = self._source.name_of(_list_reader(type_.of_type))
        at_once = f"{read_list}({name})"
        if not self._waits:
            return at_once
        slices = self._source.name_of(in_slices)
        return f"({at_once} if len({name}) <= {SLICE} else await {slices}({read_list}, {name}))"

    def _object(self, name: str, type_: GraphQLInputObjectType, depth: int) -> str:
        if type_.is_one_of or any(field.out_name for field in type_.fields.values()):
            raise Uncompilable
        add, read = self._source.add, self._source.new_local()
        self._refuse_unless(f"type({name}) is dict", depth)
        required = {
            key: self._field(name, key, field, depth)
            for key, field in type_.fields.items()
            if is_required_input_field(field)
        }
        add(depth, f"if len({name}) == {len(required)}:")
        add(depth + 1, f"{read} = {{{', '.join(_entries(type_, required))}}}")
        add(depth, "else:")
        self._optional_fields(name, type_, required, read, depth + 1)
        if type_.out_type is GraphQLInputObjectType.out_type:
            return read
        return f"{self._source.name_of(type_.out_type)}({read})"

    def _optional_fields(
        self,
        name: str,
        type_: GraphQLInputObjectType,
        required: Mapping[str, str],
        read: str,
        depth: int,
    ) -> None:
        """Write what reads an object with more than its required fields, in the order of the type."""
        add, known = self._source.add, self._source.new_local()
        add(depth, f"{read} = {{}}")
        add(depth, f"{known} = {len(required)}")
        for key, field in type_.fields.items():
            if key in required:
                add(depth, f"{read}[{key!r}] = {required[key]}")
                continue
            add(depth, f"if {key!r} in {name}:")
            add(depth + 1, f"{read}[{key!r}] = {self._field(name, key, field, depth + 1)}")
            add(depth + 1, f"{known} += 1")
            if (default := _default(field)) is not Undefined:
                add(depth, "else:")
                add(depth + 1, f"{read}[{key!r}] = {default!r}")
        self._refuse_unless(f"{known} == len({name})", depth)

    def _field(self, name: str, key: str, field: GraphQLInputField, depth: int) -> str:
        local = self._source.new_local()
        self._source.add(depth, f"{local} = {name}[{key!r}]")
        return self.value(local, field.type, depth)

    def _refuse_unless(self, test: str, depth: int) -> None:
        self._source.add(depth, f"if not ({test}):")
        self._source.add(depth + 1, f"raise {self._source.name_of(Unclean)}")


def _entries(type_: GraphQLInputObjectType, required: Mapping[str, str]) -> list[str]:
    """Return the entries of an object that was sent with its required fields alone."""
    return [
        f"{key!r}: {required[key] if key in required else repr(_default(field))}"
        for key, field in type_.fields.items()
        if key in required or _default(field) is not Undefined
    ]


def _default(field: GraphQLInputField) -> Any:
    default = coerce_default_value(field)
    if default is Undefined or type(default) in (bool, int, str):
        return default
    raise Uncompilable  # a list would be shared by all requests
