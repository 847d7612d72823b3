"""Readers give what GraphQL's coercion gives, or leave a value to it."""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLInputType, parse_type
from graphql.utilities import coerce_input_value, type_from_ast

from schema import schema
from schema.compiled.reading import reader
from schema.compiled.slices import SLICE

ID = "0" * 24
PRODUCT = {"name": "Cup", "price": 1.5, "stock": 10**40, "category": "x"}
CLEAN = [
    (
        "[StockUpdateInput!]!",
        [{"quantity": 1, "productId": ID}, {"productId": "", "quantity": 2.5}],
    ),
    ("[StockUpdateInput!]!", [{"expectedStock": None, "productId": ID, "quantity": 1e400}]),
    ("[StockUpdateInput!]!", [{"quantity": 1, "expectedStock": 2**31 - 1, "productId": ID}]),
    ("[CreateProductInput!]!", [PRODUCT]),
    ("[CreateProductInput!]!", [{"discontinued": None, **PRODUCT, "id": ID}]),
    ("[CreateProductInput!]!", [{**PRODUCT, "id": ID}]),
    ("[UpdateProductInput!]!", [{"data": {}, "productId": ID}]),
    ("[UpdateProductInput!]!", [{"data": {"price": 3, "name": None}, "productId": ID}]),
    ("[DeleteProductInput!]!", [{"cascadeDelete": True, "productId": ID}]),
    ("[ID!]!", [ID, ""]),
    ("[ID!]", None),
    ("BatchStockOptions", {"atomic": True, "batchSize": -(2**31)}),
    ("BatchOperationInput!", {"updateStock": {"updates": [], "batchSize": None}}),
    ("StockUpdateFilter", {"status": "APPLIED", "since": "2026-01-31T12:00:00Z"}),
]
UNCLEAN = [
    ("[StockUpdateInput!]!", None),
    ("[StockUpdateInput!]!", {"productId": ID, "quantity": 1}),
    ("[StockUpdateInput!]!", [None]),
    ("[StockUpdateInput!]!", [[]]),
    ("[StockUpdateInput!]!", [{}]),
    ("[StockUpdateInput!]!", [{"productId": ID}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "expectedStock": 1}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": True}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": "1"}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": None}]),
    ("[StockUpdateInput!]!", [{"productId": None, "quantity": 1}]),
    ("[StockUpdateInput!]!", [{"productId": 7, "quantity": 1}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": 1, "expectedStock": False}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": 1, "expectedStock": 2**31}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": 1, "expectedStock": -(2**31) - 1}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": 1, "expectedStock": 1.5}]),
    ("[StockUpdateInput!]!", [{"productId": ID, "quantity": 1, "unknown": 1}]),
    ("[CreateProductInput!]!", [{**PRODUCT, "name": 1}]),
    ("[CreateProductInput!]!", [{**PRODUCT, "discontinued": 0}]),
    ("[UpdateProductInput!]!", [{"data": None, "productId": ID}]),
    ("[UpdateProductInput!]!", [{"data": {"unknown": 1}, "productId": ID}]),
    ("[ID!]!", [ID, None]),
    ("BatchOperationInput!", {}),
    ("BatchOperationInput!", {"updateStock": None}),
    ("BatchOperationInput!", {"updateStock": {"updates": []}, "deleteProducts": {"deletes": []}}),
    ("StockUpdateFilter", {"status": "applied"}),
    ("StockUpdateFilter", {"since": "yesterday"}),
]


@pytest.mark.parametrize(("type_name", "sent"), CLEAN)
async def test_a_clean_value_is_read_as_graphql_coerces_it(type_name: str, sent: Any) -> None:
    type_ = _type(type_name)

    read = await reader(type_)(sent)

    assert repr(read) == repr(coerce_input_value(sent, type_))  # also the order of the fields


@pytest.mark.parametrize(("type_name", "sent"), UNCLEAN)
async def test_a_value_that_may_be_wrong_is_not_read(type_name: str, sent: Any) -> None:
    read = reader(_type(type_name))

    with pytest.raises(Exception):  # noqa: B017, PT011 - any error leaves the value to graphql-core
        await read(sent)


async def test_what_is_sent_is_not_changed() -> None:
    sent = [{**PRODUCT}]

    read = await reader(_type("[CreateProductInput!]!"))(sent)

    assert sent == [PRODUCT]
    assert read[0] is not sent[0]


@pytest.mark.parametrize("type_name", ["[StockUpdateInput!]!", "BatchOperationInput!"])
async def test_others_go_on_while_a_long_list_is_read(type_name: str) -> None:
    items = [{"productId": ID, "quantity": 1}] * (10 * SLICE)
    sent: Any = items if type_name[0] == "[" else {"updateStock": {"updates": items}}
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while not reading.done():
            turns += 1
            await asyncio.sleep(0)

    reading = asyncio.ensure_future(reader(_type(type_name))(sent))
    await count_turns()

    assert await reading == sent
    assert turns >= 10


def _type(name: str) -> GraphQLInputType:
    found: Any = type_from_ast(schema._schema, parse_type(name))
    return found
