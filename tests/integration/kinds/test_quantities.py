"""Send quantities as JSON has them, and as Python writes them against JSON's rules."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates) { success newStock error { code message path } }
}
"""
OUT_OF_RANGE = "is out of range: it may be from -2147483647 to 2147483647."
REFUSED: dict[str, str] = {  # as it stands in the body, and what is told
    "1e400": "The quantity Infinity is not a finite number.",
    "-1e400": "The quantity -Infinity is not a finite number.",
    "4.99999999999999999999": "The quantity 4.999999999999999 is not a whole number.",
    "5.00000000000000000001": "The quantity 5.000000000000001 is not a whole number.",
    "1e-400": "The quantity 5e-324 is not a whole number.",
    "0.5": "The quantity 0.5 is not a whole number.",
    "1e-300": "The quantity 1e-300 is not a whole number.",
    "1e300": f"The quantity 1e+300 {OUT_OF_RANGE}",
    "2147483648": f"The quantity 2147483648 {OUT_OF_RANGE}",
    "-2147483648": f"The quantity -2147483648 {OUT_OF_RANGE}",
    "1" + "0" * 400: f"The quantity that was sent {OUT_OF_RANGE}",
    "1" * 5_000: f"The quantity that was sent {OUT_OF_RANGE}",
}
TAKEN = {"-0.0": 10, "0": 10, "-0": 10, "5.0": 15, "1e1": 20, "-10": 0, "2147483637": 2147483647}


async def send(shop: Shop, product_id: str, *quantities: str) -> dict[str, Any]:
    """Update the product by each quantity, written into the body as it is; return the answer."""
    updates = ",".join(
        f'{{"productId": "{product_id}", "quantity": {quantity}}}' for quantity in quantities
    )
    body = f'{{"query": {json.dumps(UPDATE_STOCK)}, "variables": {{"updates": [{updates}]}}}}'
    answer: dict[str, Any] = (await shop.post(body)).json()
    return answer


async def test_a_number_that_is_no_quantity_fails_its_item_alone(shop: Shop) -> None:
    (known,) = await shop.put(10)

    answer = await send(shop, known, *REFUSED, "1")

    assert answer["data"]["batchUpdateStock"] == [
        {
            "success": False,
            "newStock": None,
            "error": {
                "code": "INVALID_QUANTITY",
                "message": message,
                "path": ["updates", str(place), "quantity"],
            },
        }
        for place, message in enumerate(REFUSED.values())
    ] + [{"success": True, "newStock": 11, "error": None}]
    assert shop.stocks() == {known: 11}
    assert [(row["quantity"], row["status"]) for row in shop.rows()] == [
        *[(0, "failed")] * len(REFUSED),
        (1, "applied"),
    ]


async def test_a_whole_number_applies_however_it_is_written(shop: Shop) -> None:
    ids = await shop.put(*[10] * len(TAKEN))

    for known, (quantity, stock) in zip(ids, TAKEN.items(), strict=True):
        answer = await send(shop, known, quantity)
        assert answer["data"]["batchUpdateStock"] == [
            {"success": True, "newStock": stock, "error": None}
        ]

    assert list(shop.stocks().values()) == list(TAKEN.values())
    assert [row["quantity"] for row in shop.rows()] == [stock - 10 for stock in TAKEN.values()]


async def test_what_is_no_number_is_refused_with_the_whole_request(shop: Shop) -> None:
    (known,) = await shop.put(10)

    for quantity in ("true", "false", '"5"', "null", "[1]", "{}"):
        answer = await send(shop, known, "1", quantity)
        (error,) = answer["errors"]
        assert (quantity, answer["data"], error["extensions"]) == (
            quantity,
            None,
            {"code": "BAD_INPUT"},
        )
        assert error["message"].startswith(
            "Variable '$updates' has invalid value at [1].quantity: "
        )

    assert shop.stocks() == {known: 10}
    assert shop.rows() == []


async def test_the_largest_changes_there_and_back_in_one_batch(shop: Shop) -> None:
    (known,) = await shop.put(0)

    answer = await send(shop, known, "2147483647", "-2147483647", "2147483647")

    results = answer["data"]["batchUpdateStock"]
    assert [one["newStock"] for one in results] == [2147483647, 0, 2147483647]
    assert shop.stocks() == {known: 2147483647}


async def test_a_quantity_of_zero_writes_even_in_the_millisecond_of_the_last_write(
    shop: Shop,
) -> None:
    """MongoDB would write nothing for an update that changes nothing, and see no conflict."""
    (known,) = await shop.put(5)
    just_now = shop.products.find_one()["updatedAt"]
    shop.clock.stand_at(just_now)

    await shop.update([(known, 0)])

    assert shop.products.find_one()["updatedAt"] == just_now + timedelta(milliseconds=1)
    assert shop.stocks() == {known: 5}
