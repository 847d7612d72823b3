"""Mask a fault of ours, and tell when the database is away."""

import asyncio
import json
import logging
from typing import Any

import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.refused_requests import PRODUCTS


def error_ids(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(one)["error_id"] for one in caplog.records if hasattr(one, "error_id")]


def ids_of(errors: list[dict[str, Any]], error_id: str) -> dict[str, Any]:
    """Return the extensions of a masked fault: the id of its request is nobody's to foresee."""
    return {
        "code": "INTERNAL",
        "errorId": error_id,
        "requestId": errors[0]["extensions"]["requestId"],
    }


async def test_a_fault_of_ours_is_masked_with_an_id_that_the_log_has(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(shop.services.products, "page", broken)
    answer = await shop.graphql("{ products { totalCount } stockUpdates { totalCount } }")

    (error_id,) = error_ids(caplog)
    assert answer["data"] is None
    assert answer["errors"] == [
        {
            "message": f"Internal error. (Error {error_id})",
            "locations": [{"line": 1, "column": 3}],
            "path": ["products"],
            "extensions": ids_of(answer["errors"], error_id),
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
            ids_of(answer["errors"], error_id),
        )
    ]


async def test_a_fault_in_one_field_leaves_a_nullable_neighbour_its_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (known,) = await shop.put(10)
    await shop.update([(known, 1)])

    async def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(shop.services.products, "by_ids", broken)
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
        assert error["extensions"] == {"code": "UNAVAILABLE", "retryAfterSeconds": 1}
    for query in queries:
        assert "errors" not in await shop.graphql(query)
