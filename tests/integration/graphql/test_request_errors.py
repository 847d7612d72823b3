"""What is wrong with a whole request: each with a code, and nothing of it is done."""

import asyncio
import json
import logging
from typing import Any

import pytest

from tests.support.shop import UNKNOWN_ID, Shop

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
CREATE = """
mutation ($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) { stats { total } }
}
"""
UPDATE = """
mutation ($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) { stats { total } }
}
"""
DELETE = """
mutation ($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) { stats { total } }
}
"""
CUP: dict[str, Any] = {"name": "Cup", "price": 199, "stock": 10, "category": "tableware"}
PATCH: dict[str, Any] = {"productId": UNKNOWN_ID, "data": {"price": 1}}
# the mutation, the name of its list, an item that is well
WRITES: list[tuple[str, str, dict[str, Any]]] = [
    (CREATE, "products", CUP),
    (UPDATE, "updates", PATCH),
    (DELETE, "deletes", {"productId": UNKNOWN_ID}),
]
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
LONGEST_EXPIRY_MS = 3_153_600_000_000
EXPIRY_RANGE = f"is out of range: it may be from 1 to {LONGEST_EXPIRY_MS}"
NO_EXPIRIES: dict[str, str] = {  # as it stands in the body, and what is told
    "0": f"0 {EXPIRY_RANGE}",
    "-0.0": f"-0.0 {EXPIRY_RANGE}",
    "-1": f"-1 {EXPIRY_RANGE}",
    "0.5": "0.5 is not a whole number",
    "NaN": "nan is not a finite number",
    "Infinity": "inf is not a finite number",
    "-Infinity": "-inf is not a finite number",
    "1e300": f"1e+300 {EXPIRY_RANGE}",
    str(LONGEST_EXPIRY_MS + 1): f"{LONGEST_EXPIRY_MS + 1} {EXPIRY_RANGE}",
    "1" + "0" * 400: f"that was sent {EXPIRY_RANGE}",
}
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


async def test_an_atomic_batch_is_the_default_and_has_5000_items_at_most(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES:
        for options in (None, {"atomic": None, "batchSize": 10}):
            answer = await shop.graphql(query, {argument: [item] * 5001, "options": options})

            message = (
                f"{argument} has 5001 items: at most 5000 fit into one atomic batch. "
                "Set options.atomic to false, or send less."
            )
            (error,) = answer["errors"]
            assert (answer["data"], error["message"], error["extensions"]) == (
                None,
                message,
                {"code": "BATCH_TOO_LARGE"},
            )

    assert shop.commands.names == []


async def test_no_batch_of_any_kind_has_more_than_ten_thousand_items(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES:
        answer = await shop.graphql(
            query, {argument: [item] * 10_001, "options": {"atomic": False}}
        )

        (error,) = answer["errors"]
        assert (answer["data"], error["extensions"]) == (None, {"code": "BATCH_TOO_LARGE"})
        assert error["message"] == (
            f"{argument} has 10001 items: at most 10000 are allowed in one request. "
            "Send several requests."
        )

    assert shop.commands.names == []


async def test_a_batch_size_outside_its_range_is_refused(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES:
        for size in (0, -1, 1001):
            answer = await shop.graphql(query, {argument: [item], "options": {"batchSize": size}})

            (error,) = answer["errors"]
            assert (answer["data"], error["extensions"]) == (None, BAD_INPUT)
            assert error["message"] == (
                f"options.batchSize is {size}: it must be from 1 to 1000. Leave it out for 500."
            )

    assert shop.commands.names == []


async def test_an_expiry_that_is_none_is_refused(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES[:2]:
        for sent, fault in NO_EXPIRIES.items():
            variables = f'{{"{argument}": [{json.dumps(item)}], "options": {{"expireIn": {sent}}}}}'
            response = await shop.post(
                f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
            )

            (error,) = response.json()["errors"]
            assert (response.json()["data"], error["extensions"]) == (None, BAD_INPUT)
            assert error["message"] == f"options.expireIn {fault}. It is in milliseconds."

    assert shop.commands.names == []


async def test_an_expiry_or_an_option_of_another_type_is_refused(shop: Shop) -> None:
    shop.commands.names.clear()
    bad: dict[str, Any] = {
        "expireIn": "5",
        "atomic": "true",
        "continueOnError": 1,
        "validateBeforeWrite": "no",
        "returnPartialResults": 0,
        "returnDeletedItems": "yes",
        "batchSize": 1.5,
        "dryRun": [True, False],
        "ordered": True,
    }

    for query, argument, item in WRITES:
        for option, value in bad.items():
            answer = await shop.graphql(query, {argument: [item], "options": {option: value}})

            (error,) = answer["errors"]
            assert (answer["data"], error["extensions"]) == (None, BAD_INPUT)
            assert error["message"].startswith("Variable '$options' has invalid value")

    assert shop.commands.names == []


async def test_an_item_of_another_shape_refuses_the_whole_request(shop: Shop) -> None:
    shop.commands.names.clear()
    well = {query: item for query, _, item in WRITES}

    for query, argument, bad, told in MISFITS:
        answer = await shop.graphql(query, {argument: [well[query], bad]})

        (error,) = answer["errors"]
        assert (bad, answer["data"], error["extensions"]) == (bad, None, BAD_INPUT)
        assert error["message"].startswith(f"Variable '${argument}' has invalid value at [1]{told}")

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
        {"query": query, "variables": [1]},
        {"query": query, "variables": "{}"},
        {"query": query, "operationName": 5},
        {"query": query, "operationName": False},
        {"query": query, "extensions": 5},
    ):
        response = await shop.post(json.dumps(body))

        assert (body, response.status_code) == (body, 400)
        assert [error["extensions"] for error in response.json()["errors"]] == [BAD_INPUT]


async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(shop: Shop) -> None:
    limit = 32 * 1024**2  # as the shop sets it
    body = json.dumps({"query": "{ __typename }"}).encode()

    response = await shop.post(body.ljust(limit))
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})

    response = await shop.post(body.ljust(limit + 1))
    assert (response.status_code, response.json()) == (
        413,
        {
            "errors": [
                {
                    "message": "The request is larger than 33554432 bytes: send less.",
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
