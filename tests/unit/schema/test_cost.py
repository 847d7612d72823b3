"""Reckon what a query costs, and refuse one that costs too much."""

from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, parse

from schema import schema
from schema.limits.cost import PAGE, SCAN, TOTAL_COUNT, cost_of
from tests.support.compiled.scripted import Scripted

EDGES = "{ edges { cursor } }"
BATCHES = f"batchOperations(first: 1000) {{ edges {{ node {{ results(first: 1) {EDGES} }} }} }}"
TWICE = (
    "{ ...F ... on Query { products(first: 3) { ...P } } } "
    f"fragment P on ProductConnection {EDGES} "
    "fragment F on Query { products(first: 3) { ...P } }"
)
SEARCHES = (
    "batchOperations(first: 9) { edges { node { "
    f'a: results(first: 1, productId: "x") {EDGES} '
    f"b: results(first: 1, code: INTERNAL, productId: null) {EDGES} "
    f"c: results(first: 1, code: null) {EDGES} }} }} }}"
)
CANCEL = f'mutation {{ cancelBatch(id: "x") {{ results(first: 9) {EDGES} }} }}'


def cost(text: str, **variables: Any) -> int:
    found = cost_of(schema._schema, parse(text), None)
    return found.level.cost(found._sizes(variables))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 0),
        ('{ product(id: "x") { id } }', 1),
        ("{ products { edges { cursor } } }", PAGE + 50),
        ("{ products(first: null) { edges { cursor } } }", PAGE + 50),
        ("{ products(first: 7) { edges { node { id name } } } }", PAGE + 7),
        ("{ products(first: 7) { edges { cursor } pageInfo { endCursor } } }", PAGE + 7 + 1),
        (f"{{ products(first: 7) {{ ...F ...F }} }} fragment F on ProductConnection {EDGES}",
         PAGE + 7),
        ("{ products(first: 7) { a: edges { cursor } b: edges { node { id } } edges { cursor } } }",
         PAGE + 3 * 7),
        ("{ products(first: 7) { edges { node { id } a: node { id } b: node { id } } } }",
         PAGE + 7 * 3),
        ("{ products(first: 7) { totalCount } }", PAGE + 7 + TOTAL_COUNT),
        (f"{{ a: products(first: 1) {{ totalCount }} b: products(first: 2) {EDGES} }}",
         2 * PAGE + 3 + TOTAL_COUNT),
        ("{ stockUpdates(first: 5) { edges { node { product { id } } } } }", PAGE + 5 * 2),
        (f"{{ {BATCHES} }}", PAGE + 1000 * (1 + PAGE + 1)),
        (TWICE, 2 * (PAGE + 3)),
        (CANCEL, 1 + PAGE + 9),
        ('{ batchOperation(id: "x") { throughput { points { time } } } }', 1 + SCAN + 2),
        (f"{{ {SEARCHES} }}", PAGE + 9 * (1 + 2 * (PAGE + SCAN + 1) + PAGE + 1)),
        ("{ __schema { types { name } } }", 0),
    ],
)  # fmt: skip
def test_a_query_costs_its_pages_and_their_entries(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("variables", "expected"), [({}, 0), ({"c": None}, 0), ({"c": "INTERNAL"}, SCAN)]
)
def test_a_search_costs_more_if_the_variable_is_given(
    variables: dict[str, Any], expected: int
) -> None:
    text = (
        "query ($c: ItemErrorCode) "
        f'{{ batchOperation(id: "x") {{ results(first: 1, code: $c) {EDGES} }} }}'
    )

    assert cost(text, **variables) == 1 + PAGE + 1 + expected


@pytest.mark.parametrize(
    ("variables", "size"),
    [
        ({"n": 3}, 3),
        ({"n": 3.0}, 3),
        ({}, 20),
        ({"n": None}, 50),
        ({"n": 1001}, 1000),
        ({"n": -5}, 0),
        ({"n": "x"}, 50),
        ({"n": True}, 50),
        ({"n": float("nan")}, 50),
    ],
)
def test_a_page_has_the_size_that_its_variable_says(variables: dict[str, Any], size: int) -> None:
    text = "query ($n: Int = 20) { products(first: $n) { edges { cursor } } }"

    assert cost(text, **variables) == PAGE + size


@pytest.mark.parametrize("times", [1, 2])  # the second time there may be a plan
async def test_a_query_that_costs_too_much_is_refused_before_it_reads(times: int) -> None:
    scripted = Scripted(max_cost=100)
    text = "query ($n: Int) { products(first: $n) { edges { node { id } } } }"
    for _ in range(times):
        await schema.execute(text, {"n": 1}, scripted.context())
    scripted.calls.clear()

    result = await schema.execute(text, {"n": 91}, scripted.context())

    assert scripted.calls == []
    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions == {"code": "QUERY_TOO_EXPENSIVE"}
    assert error.message == (
        "The query costs 101: at most 100 is allowed. products costs 101 of it: ask for fewer "
        "entries with `first` in products, or for fewer lists."
    )
    allowed = await schema.execute(text, {"n": 90}, scripted.context())
    assert allowed.errors is None


async def test_the_refusal_names_the_lists_within_the_list() -> None:
    text = f"{{ a: {BATCHES} b: {BATCHES} }}"

    result = await schema.execute(text, None, Scripted().context())

    assert result.errors is not None
    (error,) = result.errors
    assert error.message == (
        "The query costs 24020: at most 20000 is allowed. a costs 12010 of it: ask for fewer "
        "entries with `first` in a or a.edges.node.results, or for fewer lists."
    )


async def test_the_refusal_names_the_dearest_of_the_lists_within_the_list() -> None:
    results = f"few: results(first: 1) {EDGES} many: results(first: 50) {EDGES}"
    text = f"{{ batchOperations(first: 999) {{ edges {{ node {{ {results} }} }} }} }}"

    result = await schema.execute(text, None, Scripted().context())

    assert result.errors is not None
    assert "in batchOperations or batchOperations.edges.node.many," in result.errors[0].message


async def test_a_subscription_has_a_cost_as_well() -> None:
    text = 'subscription { batchProgress(id: "x") { results(first: 90) { edges { cursor } } } }'
    stream = await schema.subscribe(text, None, Scripted(max_cost=100).context())

    results = [result async for result in stream]  # type: ignore[union-attr]

    assert [[error.extensions for error in result.errors or []] for result in results] == [
        [{"code": "QUERY_TOO_EXPENSIVE"}]
    ]


def test_every_list_says_what_it_costs() -> None:
    pages = [
        (type_.name, name, definition)
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        for name, definition in type_.fields.items()
        if "first" in definition.args
    ]

    assert {f"{type_}.{name}" for type_, name, _ in pages} >= {
        "Query.products", "Query.stockUpdates", "Query.batchOperations", "BatchOperation.results",
    }  # fmt: skip
    for _, _, definition in pages:
        assert f"Costs {PAGE}, and for each entry" in (definition.description or "")


UPDATES = "mutation ($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { %s } }"
ON_APPLIED = "success ... on StockUpdateApplied { product { id stock } }"
TWO_ON_APPLIED = "... on StockUpdateApplied { a: product { id } b: product { id } }"
IDS = 'mutation { batchDiscontinueProducts(productIds: ["a", "b", "c"]) { products { id } } }'


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        (UPDATES % "success newStock", {"u": [{}] * 9_000}, 1),
        (UPDATES % ON_APPLIED, {"u": [{}] * 9_000}, 1 + PAGE + 9_000),
        (UPDATES % TWO_ON_APPLIED, {"u": [{}] * 5}, 1 + 2 * (PAGE + 5)),
        (UPDATES % ON_APPLIED, {"u": {}}, 1 + PAGE + 1),
        (IDS, {}, 1 + PAGE + 3),
    ],
)
def test_the_products_of_a_mutation_cost_its_items(
    text: str, variables: dict[str, Any], expected: int
) -> None:
    assert cost(text, **variables) == expected


@pytest.mark.parametrize("times", [1, 2])
async def test_a_mutation_whose_products_cost_too_much_changes_nothing(times: int) -> None:
    scripted = Scripted(max_cost=100)
    text = UPDATES % ON_APPLIED
    for _ in range(times):
        await schema.execute(text, {"u": [{"productId": "a", "quantity": 1}]}, scripted.context())
    scripted.calls.clear()

    updates = [{"productId": "a", "quantity": 1}] * 90
    result = await schema.execute(text, {"u": updates}, scripted.context())

    assert scripted.calls == []
    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions == {"code": "QUERY_TOO_EXPENSIVE"}
    assert error.message == (
        "The query costs 101: at most 100 is allowed. batchUpdateStock.product costs 100 of it: "
        "send fewer items at once, or do not ask for their products."
    )
