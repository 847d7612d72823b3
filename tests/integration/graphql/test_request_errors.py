"""Refuse a request that the schema does not allow, with a code, before anything is done."""

from typing import Any

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.refused_requests import (
    BAD_INPUT,
    CREATE,
    CUP,
    DELETE,
    PATCH,
    PRODUCTS,
    UPDATE,
    UPDATE_STOCK,
    WRITES,
)

NO_NUMBERS: list[Any] = ["5", True, [1], {}]
# the query, the name of its list, an item that does not fit, and what does not
MISFITS: list[tuple[str, str, Any, str]] = [
    *((CREATE, "products", CUP | {"price": bad}, ".price: Float cannot") for bad in NO_NUMBERS),
    *((CREATE, "products", CUP | {"stock": bad}, ".stock: Float cannot") for bad in NO_NUMBERS),
    (CREATE, "products", CUP | {"price": None}, ".price: Expected value of non-null type"),
    (CREATE, "products", CUP | {"name": None}, ".name: Expected value of non-null type"),
    (CREATE, "products", CUP | {"name": 5}, ".name: String cannot represent a non string"),
    (CREATE, "products", CUP | {"category": ["x"]}, ".category: String cannot represent"),
    (CREATE, "products", CUP | {"discontinued": "no"}, ".discontinued: Boolean cannot"),
    (CREATE, "products", CUP | {"id": {"$ne": None}}, ".id: ID cannot represent value"),
    (CREATE, "products", CUP | {"expiresAt": "2026-01-31T12:00:00Z"}, ": Expected value of type"),
    (CREATE, "products", {"name": "Cup", "price": 1, "stock": 1}, ": Expected value of type"),
    (CREATE, "products", None, ": Expected value of non-null type 'CreateProductInput!'"),
    (UPDATE, "updates", PATCH | {"data": None}, ".data: Expected value of non-null type"),
    (UPDATE, "updates", PATCH | {"data": {"price": "5"}}, ".data.price: Float cannot"),
    (UPDATE, "updates", PATCH | {"data": {"name": 5}}, ".data.name: String cannot"),
    (UPDATE, "updates", PATCH | {"data": {"$inc": {}}}, ".data: Expected value of type"),
    (UPDATE, "updates", PATCH | {"productId": None}, ".productId: Expected value of non-null"),
    (
        UPDATE,
        "updates",
        {"productId": UNKNOWN_ID},
        ": Expected value of type 'UpdateProductInput' to",
    ),
    (DELETE, "deletes", {"productId": None}, ".productId: Expected value of non-null type"),
    (DELETE, "deletes", {}, ": Expected value of type 'DeleteProductInput' to"),
    (DELETE, "deletes", {"productId": UNKNOWN_ID, "cascadeDelete": 1}, ".cascadeDelete: Boolean"),
]
# the query, its variables, how the message begins
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "syntax": ("{ products(", {}, "Syntax Error: Expected Name, found <EOF>."),
    "unknown field": ("{ nonsense }", {}, "Cannot query field 'nonsense' on type 'Query'."),
    "unknown argument": ("{ products(limit: 5) { totalCount } }", {}, "Unknown argument 'limit'"),
    "no selection": ("{ products }", {}, "Field 'products' of type 'ProductConnection!' must have"),
    "wrong literal": ('{ products(first: "5") { totalCount } }', {}, "Int cannot represent non-"),
    "wrong variable": (PRODUCTS, {"first": "5"}, "Variable '$first' has invalid value: Int cannot"),
    "wide integer": (PRODUCTS, {"first": 2**31}, "Variable '$first' has invalid value: Int cannot"),
    "unknown input field": (
        PRODUCTS,
        {"filter": {"$where": "1"}},
        "Variable '$filter' has invalid value: Expected value of type 'ProductFilter' not to",
    ),
    "an operator for a value": (
        PRODUCTS,
        {"filter": {"category": {"$ne": ""}}},
        "Variable '$filter' has invalid value at .category: String cannot represent a non string",
    ),
    "missing variable": (
        UPDATE_STOCK,
        {},
        "Variable '$updates' has invalid value: Expected a value of non-null type",
    ),
    "null for a list": (
        UPDATE_STOCK,
        {"updates": None},
        "Variable '$updates' has invalid value: Expected value of non-null type",
    ),
    "batch size": (
        UPDATE_STOCK,
        {"updates": [], "options": {"batchSize": 0}},
        "options.batchSize is 0: it must be from 1 to 1000. Leave it out for 500.",
    ),
    "page size": (PRODUCTS, {"first": 0}, "first is 0: it must be from 1 to 1000."),
    "cursor": (PRODUCTS, {"after": "nonsense"}, "after is not a cursor: pass the endCursor of the"),
    "filter id": (PRODUCTS, {"filter": {"ids": ["5"]}}, "filter.ids[0] is “5”: an id is 24 hexad"),
    "deep nesting": ("{a" * 3000 + "}" * 3000, {}, "Syntax Error: Document is nested too deeply."),
}


async def test_what_the_caller_did_wrong_is_told(shop: Shop) -> None:
    shop.commands.names.clear()

    for kind, (query, variables, told) in REFUSED.items():
        answer = await shop.graphql(query, variables)
        (error,) = answer["errors"]
        assert (kind, answer["data"], error["extensions"]) == (kind, None, BAD_INPUT)
        assert error["message"].startswith(told)

    assert shop.commands.names == []


async def test_every_one_of_several_errors_has_its_code(shop: Shop) -> None:
    answer = await shop.graphql("{ a b products { c } }")

    assert [one["extensions"] for one in answer["errors"]] == [BAD_INPUT] * 3


async def test_an_item_of_another_shape_refuses_the_whole_request(shop: Shop) -> None:
    shop.commands.names.clear()
    well = {query: item for query, _, item in WRITES}

    for query, argument, bad, told in MISFITS:
        answer = await shop.graphql(query, {argument: [well[query], bad]})

        (error,) = answer["errors"]
        assert (bad, answer["data"], error["extensions"]) == (bad, None, BAD_INPUT)
        assert error["message"].startswith(f"Variable '${argument}' has invalid value at [1]{told}")

    assert shop.commands.names == []
