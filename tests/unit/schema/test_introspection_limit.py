"""Reckon what a query asks about the schema, and refuse one that asks for too much."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_introspection_query, parse

from schema import schema
from schema.limits.introspection import MOST_VALUES, Introspection

TYPES = len(schema._schema.type_map)
NESTED = "__schema { types { fields { type { fields { name args { name } } } } } }"
TWICE = (
    "{ ...F ... { ...F } } fragment F on Query { __schema { types { ...G } } } "
    "fragment G on __Type { ... on __Type { name } }"
)


def values(text: str) -> float:
    return Introspection(schema._schema).values(parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ products { edges { cursor } } }", 0),
        ("{ __schema { queryType { name } } }", 3),
        ("{ __schema { types { name kind } } }", 2 + 2 * TYPES),
        ("query A { __schema { types { name } } } query B { __schema { types { name } } }",
         2 * (2 + TYPES)),
        (TWICE, 2 * (2 + TYPES)),
        ("{ product(id: 1) { id ... { ...F } } } fragment F on Product { name }", 0),
    ],
)  # fmt: skip
def test_lists_count_by_their_length(text: str, expected: float) -> None:
    assert values(text) == expected


def test_the_fields_of_all_types_are_counted_exactly() -> None:
    every = [type_.fields for type_ in schema._schema.type_map.values() if hasattr(type_, "fields")]
    shown = [
        type_.fields
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
    ]
    fields = sum(map(len, shown))

    text = "{ __schema { types { fields { name } } } }"
    assert values(text) == pytest.approx(2 + TYPES + fields, rel=0.05)
    assert len(every) > len(shown)


@pytest.mark.parametrize("name", ["Query", "Mutation", "BatchOperation"])
def test_a_type_is_taken_for_the_largest(name: str) -> None:
    fields = len(schema._schema.type_map[name].fields)

    assert values(f'{{ __type(name: "{name}") {{ fields {{ name }} }} }}') >= 2 + fields


def test_what_tools_ask_for_is_less_than_half_of_the_limit() -> None:
    options: Any = dict.fromkeys(
        ["specified_by_url", "directive_is_repeatable", "schema_description",
         "input_value_deprecation"], True,
    )  # fmt: skip

    assert values(get_introspection_query(**options)) < MOST_VALUES / 2


async def test_a_query_that_asks_for_too_much_of_the_schema_is_refused() -> None:
    nested = " ".join(f"a{number}: {NESTED}" for number in range(15))

    result = await schema.execute(f"{{ {nested} }}")

    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions == {"code": "BAD_INPUT"}
    assert error.message.startswith("The query asks for about ")
    assert error.message.endswith(
        " values of the schema: at most 15000 are allowed. Ask for fewer fields within fields, or "
        "in several requests."
    )
    assert (await schema.execute(f"{{ {NESTED} }}")).errors is None
