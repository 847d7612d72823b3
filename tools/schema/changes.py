"""Find the changes from one schema to another that break clients."""

from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    build_schema,
    is_required_argument,
    is_required_input_field,
)
from graphql.utilities import BreakingChangeType, find_schema_changes


def breaking_changes(old: str, new: str) -> list[str]:
    """Return a sentence for each change from `old` to `new` that can break a client, sorted.

    graphql-core finds most of them; three kinds that it does not call breaking are added here.
    """
    before, after = build_schema(old), build_schema(new)
    found = {
        change.description
        for change in find_schema_changes(before, after)
        if isinstance(change.type, BreakingChangeType)
    }
    return sorted(
        {
            *found,
            *_moved_roots(before, after),
            *_new_one_ofs(before, after),
            *_new_needs(before, after),
        }
    )


def _moved_roots(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """Yield each root type that lost its role; graphql-core reports a type that was removed."""
    for operation in OperationType:
        old, new = before.get_root_type(operation), after.get_root_type(operation)
        if old and old.name in after.type_map and (new is None or new.name != old.name):
            yield f"{old.name} is not the root of a {operation.value} any more."


def _new_one_ofs(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    for name in (_one_ofs(after) - _one_ofs(before)) & before.type_map.keys():
        yield f"{name} became @oneOf."


def _one_ofs(schema: GraphQLSchema) -> set[str]:
    inputs = (one for one in schema.type_map.values() if isinstance(one, GraphQLInputObjectType))
    return {one.name for one in inputs if one.is_one_of}


def _new_needs(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """Yield what lost the default that made it optional; graphql-core reports a changed type."""
    values = _input_values(after)
    for name, old in _input_values(before).items():
        new = values.get(name)
        if new and str(new.type) == str(old.type) and _is_required(new) and not _is_required(old):
            yield f"{name} lost its default and is required."


def _input_values(schema: GraphQLSchema) -> dict[str, GraphQLArgument | GraphQLInputField]:
    """Return all arguments and input fields, each under its place in the schema."""
    found: dict[str, GraphQLArgument | GraphQLInputField] = {}
    for one in schema.type_map.values():
        if isinstance(one, GraphQLInputObjectType):
            found |= {f"Field {one.name}.{name}": field for name, field in one.fields.items()}
        elif isinstance(one, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in one.fields.items():
                for argument_name, argument in field.args.items():
                    found[f"Argument {one.name}.{name}({argument_name}:)"] = argument
    return found


def _is_required(value: GraphQLArgument | GraphQLInputField) -> bool:
    if isinstance(value, GraphQLArgument):
        return is_required_argument(value)
    return is_required_input_field(value)
