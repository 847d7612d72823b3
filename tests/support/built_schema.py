"""Walk through the schema that the server serves."""

from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    ast_from_value,
    is_specified_scalar_type,
    print_ast,
)

from schema import schema

BUILT = schema._schema
KINDS = (
    GraphQLObjectType,
    GraphQLInterfaceType,
    GraphQLInputObjectType,
    GraphQLEnumType,
    GraphQLScalarType,
)


def own_types(built: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    """Yield the types that are neither GraphQL's own nor for introspection."""
    for name, one in built.type_map.items():
        if not name.startswith("__") and not is_specified_scalar_type(one):
            yield one


def shape(built: GraphQLSchema) -> dict[str, str]:
    """Return every name of a schema, with its type and default as they are written."""
    names: dict[str, str] = {}
    for one in own_types(built):
        names[one.name] = next(kind.__name__ for kind in KINDS if isinstance(one, kind))
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType):
            names[one.name] += "".join(f" & {interface.name}" for interface in one.interfaces)
            for field_name, field in one.fields.items():
                names[f"{one.name}.{field_name}"] = str(field.type)
                for argument_name, argument in field.args.items():
                    place = f"{one.name}.{field_name}({argument_name})"
                    names[place] = with_default(argument)
        elif isinstance(one, GraphQLInputObjectType):
            for field_name, input_field in one.fields.items():
                names[f"{one.name}.{field_name}"] = with_default(input_field)
        elif isinstance(one, GraphQLEnumType):
            names |= {f"{one.name}.{value}": "a value" for value in one.values}
    return names


def with_default(one: GraphQLArgument | GraphQLInputField) -> str:
    """Add the default: the code has it as a value, the contract as it is written."""
    written = one.default.literal if one.default else None
    if written is None and one.default_value is not Undefined:
        written = ast_from_value(one.default_value, one.type)
    return f"{one.type} = {print_ast(written)}" if written else f"{one.type}"


def inputs(built: GraphQLSchema) -> Iterator[tuple[str, GraphQLArgument | GraphQLInputField]]:
    """Return what a client can send: arguments and input fields."""
    for one in own_types(built):
        if isinstance(one, GraphQLInputObjectType):
            yield from ((f"{one.name}.{name}", field) for name, field in one.fields.items())
        elif isinstance(one, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in one.fields.items():
                for argument_name, argument in field.args.items():
                    yield f"{one.name}.{name}({argument_name})", argument
