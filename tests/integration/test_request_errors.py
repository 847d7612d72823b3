"""What is wrong with a whole request: each with a code, and nothing of it is done."""

import asyncio
import json
import logging
from typing import Any

import pytest

from tests.integration.shop import UNKNOWN_ID, Shop

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) { newStock }
}
"""
PRODUCTS = """
query ($filter: ProductFilter, $first: Int, $after: String) {
  products(filter: $filter, first: $first, after: $after) { edges { node { id } } }
}
"""
BAD_INPUT = {"code": "BAD_INPUT"}
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


async def test_more_than_ten_thousand_items_are_too_many(shop: Shop) -> None:
    shop.commands.names.clear()
    updates = [{"productId": UNKNOWN_ID, "quantity": 1}] * 10_001

    answer = await shop.graphql(UPDATE_STOCK, {"updates": updates})

    message = (
        "updates has 10001 items: at most 10000 are allowed in one request. Send several requests."
    )
    assert answer["data"] is None
    assert [(one["message"], one["extensions"], one["path"]) for one in answer["errors"]] == [
        (
            message,
            {"code": "BATCH_TOO_LARGE"},
            ["batchUpdateStock"],
        )
    ]
    assert shop.commands.names == []


async def test_what_is_no_json_object_is_refused(shop: Shop) -> None:
    number = b'{"query": "{ __typename }", "variables": {"a": ' + b"1" * 5000 + b"}}"
    nested = b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100_000
    for body in (b"", b"{", b"query { products }", b"\xff\xfe\xfd", number, nested):
        response = await shop.post(body)

        assert (response.status_code, response.json()) == (
            400,
            {
                "errors": [
                    {"message": "Unable to parse request body as JSON", "extensions": BAD_INPUT}
                ]
            },
        )


async def test_json_that_is_no_object_is_refused(shop: Shop) -> None:
    for body in ("5", "null", "true", '"{ products }"'):
        response = await shop.post(body)

        assert (body, response.status_code) == (body, 400)
        assert [error["extensions"] for error in response.json()["errors"]] == [BAD_INPUT]


async def test_an_object_that_is_no_request_is_refused(shop: Shop) -> None:
    query = "{ __typename }"
    for body in (
        {},
        [],
        [{"query": query}],
        {"query": None},
        {"query": ""},
        {"query": 5},
        {"query": "fragment F on Product { id }"},
        {"query": query, "variables": [1]},
        {"query": query, "variables": "{}"},
        {"query": query, "operationName": "Nobody"},
        {"query": query, "operationName": "\ud800"},
        {"query": query, "extensions": 5},
    ):
        response = await shop.post(json.dumps(body))

        assert (body, response.status_code) == (body, 400)
        assert [error["extensions"] for error in response.json()["errors"]] == [BAD_INPUT]


async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(shop: Shop) -> None:
    limit = 4 * 1024**2  # as the shop sets it
    body = json.dumps({"query": "{ __typename }"}).encode()

    response = await shop.post(body.ljust(limit))
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})

    response = await shop.post(body.ljust(limit + 1))
    assert (response.status_code, response.json()) == (
        413,
        {
            "errors": [
                {
                    "message": "The request is larger than 4194304 bytes: send less.",
                    "extensions": BAD_INPUT,
                }
            ]
        },
    )


def error_ids(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(one)["error_id"] for one in caplog.records if hasattr(one, "error_id")]


async def test_a_fault_of_ours_is_masked_with_an_id_that_the_log_has(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(shop.services.catalog, "page", broken)
    answer = await shop.graphql("{ products { totalCount } stockUpdates { totalCount } }")

    (error_id,) = error_ids(caplog)
    assert answer["data"] is None
    assert answer["errors"] == [
        {
            "message": f"Internal error. (Error {error_id})",
            "locations": [{"line": 1, "column": 3}],
            "path": ["products"],
            "extensions": {"code": "INTERNAL", "errorId": error_id},
        }
    ]
    (record,) = [one for one in caplog.records if hasattr(one, "error_id")]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "secret"


async def test_a_fault_that_the_database_reports_is_masked_too(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with shop.failing("find", mode="alwaysOn", errorCode=8000):
        answer = await shop.graphql(PRODUCTS)

    (error_id,) = error_ids(caplog)
    assert answer["data"] is None
    assert [(one["message"], one["extensions"]) for one in answer["errors"]] == [
        (
            f"Internal error. (Error {error_id})",
            {"code": "INTERNAL", "errorId": error_id},
        )
    ]


async def test_a_fault_in_one_field_leaves_a_nullable_neighbour_its_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (known,) = await shop.put(10)
    await shop.update([(known, 1)])

    async def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(shop.services.catalog, "products", broken)
    answer = await shop.graphql("{ stockUpdates { edges { node { newStock product { id } } } } }")

    assert answer["data"] == {
        "stockUpdates": {"edges": [{"node": {"newStock": 11, "product": None}}]}
    }
    assert [(one["path"], one["extensions"]["code"]) for one in answer["errors"]] == [
        (["stockUpdates", "edges", 0, "node", "product"], "INTERNAL")
    ]
    assert "secret" not in json.dumps(answer)


async def test_a_query_is_unavailable_while_the_database_is_down(shop: Shop) -> None:
    queries = [
        PRODUCTS,
        "{ products { totalCount } }",
        "{ stockUpdates { totalCount } }",
        f'{{ product(id: "{UNKNOWN_ID}") {{ id }} }}',
    ]
    with shop.failing("find", "aggregate", mode="alwaysOn", closeConnection=True):
        answers = await asyncio.gather(*map(shop.graphql, queries))

    for answer in answers:
        (error,) = answer["errors"]
        assert error["message"] == "The database cannot be reached just now; try again later."
        assert error["extensions"] == {"code": "UNAVAILABLE"}
    for query in queries:
        assert "errors" not in await shop.graphql(query)
