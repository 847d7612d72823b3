"""A key of version 0.1.0 still stands for the file that it was sent with."""

import hashlib
import json
from typing import Any

import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.rest_calls import CSV, post, refusal

pytestmark = pytest.mark.either_driver

SENT = f"productId,name,price\n{UNKNOWN_ID}, Cup ,1.000\n{UNKNOWN_ID},'=x,5\n{UNKNOWN_ID}, ,5\n"
READ_BY_0_1_0: list[dict[str, Any]] = [
    {"productId": UNKNOWN_ID, "data": {"name": " Cup ", "price": 1.0}},
    {"productId": UNKNOWN_ID, "data": {"name": "'=x", "price": 5}},
    {"productId": UNKNOWN_ID, "data": {"name": " ", "price": 5}},
]


def _digest(shop: Shop, items: list[dict[str, Any]]) -> str:
    """Return the hash that 0.1.0 has stored: of the request and of each item as it was read."""
    options = {
        "atomic": False,
        "continue_on_error": None,
        "validate_before_write": False,
        "batch_size": 500,
        "dry_run": False,
    }
    found = hashlib.sha256()
    for one in (["updateProducts", {}, options, True, None, {}], *items):
        found.update(json.dumps(one, sort_keys=True).encode() + b"\n")
    return found.hexdigest()


@pytest.mark.parametrize("is_same", [True, False])
async def test_a_file_that_is_read_in_another_way_now_is_still_the_same(
    shop: Shop, is_same: bool
) -> None:
    first = await post(shop, "update-products", SENT, CSV, Idempotency_Key="k")
    items = READ_BY_0_1_0 if is_same else READ_BY_0_1_0[:2]
    shop.admin[shop.database]["batchOperations"].update_one(
        {"idempotencyKey": {"$exists": True}}, {"$set": {"content": _digest(shop, items)}}
    )

    again = await post(shop, "update-products", SENT, CSV, Idempotency_Key="k")

    if is_same:
        assert again.status_code == 201, again.text
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json() == first.json()
    else:
        assert refusal(again)["code"] == "IDEMPOTENCY_KEY_REUSED"
