"""Messages write values as JSON does, at every door: true and null, never True and None."""

import re
from typing import Any

import pytest

from tests.support.shop import Shop
from tests.support.web.rest_results import NDJSON, lines, ran

pytestmark = pytest.mark.either_driver

PYTHON = re.compile(r"\b(True|False|None|nan|inf)\b|'")
VALUES = [True, None, 1.5, "5", [True, None], {"a": None}, [[{"b": False}]], "x" * 300]
STOCK = "mutation($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { success } }"
CREATE = "mutation($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { failed } }"
FIRST = (
    "query($first: Int, $where: ProductFilter) "
    "{ products(first: $first, filter: $where) { totalCount } }"
)


def _told(message: str) -> str:
    """Return the part of a message that names values; graphql-core puts names in single quotes."""
    return message.rpartition(": ")[2] if "represent" in message else re.sub("'[^']*'", "", message)


@pytest.mark.parametrize("value", VALUES)
async def test_graphql_words_a_wrong_variable_as_json(shop: Shop, value: Any) -> None:
    item = {"productId": value, "quantity": value}
    product = {"id": value, "name": value, "price": value, "discontinued": value}
    messages = [
        error["message"]
        for query, variables in (
            (STOCK, {"u": [item]}),
            (CREATE, {"p": [product]}),
            (FIRST, {"first": value, "where": {"category": value, "discontinued": value}}),
        )
        for error in (await shop.post_query(query, **variables)).get("errors", [])
    ]

    assert messages
    assert [one for one in messages if PYTHON.search(_told(one))] == []


async def test_convex_words_a_wrong_argument_as_json(shop: Shop) -> None:
    body = {"path": "batchUpdateStock", "args": {"updates": [{"productId": True, "quantity": 1}]}}
    async with shop.http() as client:
        answer = (await client.post("/api/mutation", json=body)).json()

    assert answer["errorMessage"].endswith("ID cannot represent value: true")


async def test_rest_words_wrong_values_as_json(shop: Shop) -> None:
    sent = (
        '{"productId": true, "quantity": true}\n{"productId": null, "quantity": null}\n'
        '{"productId": [null, false], "quantity": 1e999}\n'
        '{"productId": {"a": 1.0}, "quantity": -1e999}\n'
    )

    found = await lines(shop, await ran(shop, "update-stock", sent, NDJSON))

    no_id = "is not a product id: an id is 24 hexadecimal characters. The quantity"
    assert [one["result"]["error"] for one in found] == [
        f"“true” {no_id} true is not a number.",
        "The productId is missing: an id is 24 hexadecimal characters. The quantity is missing.",
        f"“[null, false]” {no_id} Infinity is not a finite number.",
        f'“{{"a": 1.0}}” {no_id} -Infinity is not a finite number.',
    ]
    assert [one["result"].get("productId") for one in found] == [
        "true",
        None,
        "[null, false]",
        '{"a": 1.0}',
    ]
