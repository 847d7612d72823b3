"""Send product ids that are malformed, unknown, repeated, or in two spellings."""

import json
from typing import Any

import pytest

from server.domain.errors import cut
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) {
    productId newStock error { code message }
  }
}
"""
DISCONTINUE = """
mutation ($productIds: [ID!]!, $options: BatchDiscontinueOptions) {
  batchDiscontinueProducts(productIds: $productIds, options: $options) {
    outcome updated unchanged failed failures { index productId error { code message } }
  }
}
"""
MALFORMED = {  # and how it is shown
    "a" * 23: "“" + "a" * 23 + "”",
    "a" * 25: "“" + "a" * 25 + "”",
    "g" * 24: "“" + "g" * 24 + "”",
    " " + "a" * 23: "“ " + "a" * 23 + "”",
    "a" * 24 + "\n": "'" + "a" * 24 + "\\n'",
    "７" * 24: "“" + "７" * 24 + "”",
    '{"$ne": null}': '“{"$ne": null}”',
    "a" * 23 + "\ud800": "'" + "a" * 23 + "\\ud800'",
    "a" * 2**20: "“" + "a" * 31 + " … " + "a" * 30 + "”",
}


def updates(*ids: str) -> list[dict[str, Any]]:
    return [{"productId": one, "quantity": 1} for one in ids]


async def test_a_malformed_id_fails_its_item_alone_and_is_shown_short(shop: Shop) -> None:
    (known,) = await shop.put(10)

    results = await shop.ask(UPDATE_STOCK, updates=updates(*MALFORMED, "", known))

    missing = "The productId is missing: an id is 24 hexadecimal characters."
    error = {"code": "INVALID_PRODUCT_ID", "message": missing}
    assert results[-2] == {"productId": "", "newStock": None, "error": error}
    assert results[:-2] == [
        {
            "productId": cut(sent),
            "newStock": None,
            "error": {
                "code": "INVALID_PRODUCT_ID",
                "message": f"{shown} is not a product id: an id is 24 hexadecimal characters.",
            },
        }
        for sent, shown in MALFORMED.items()
    ]
    assert results[-1] == {"productId": known, "newStock": 11, "error": None}
    assert shop.stocks() == {known: 11}
    assert len(shop.rows()) == 1


async def test_a_malformed_id_fails_its_discontinuation_alone(shop: Shop) -> None:
    (known,) = await shop.put(10)

    result = await shop.ask(DISCONTINUE, productIds=[*MALFORMED, known])

    assert (result["outcome"], result["updated"], result["failed"]) == (
        "PARTIAL",
        1,
        len(MALFORMED),
    )
    assert [one["productId"] for one in result["failures"]] == [cut(one) for one in MALFORMED]
    assert {one["error"]["code"] for one in result["failures"]} == {"INVALID_PRODUCT_ID"}
    assert max(len(one["error"]["message"]) for one in result["failures"]) < 150
    assert shop.stocks() == {known: 0}


async def test_half_a_surrogate_pair_in_an_id_can_be_answered(shop: Shop) -> None:
    body = json.dumps({"query": UPDATE_STOCK, "variables": {"updates": updates("\udc00")}})

    response = await shop.post(body)

    assert response.status_code == 200
    assert '"productId":"\\udc00"' in response.text
    assert shop.rows() == []


async def test_upper_and_lower_case_of_an_id_are_one_product(shop: Shop) -> None:
    (known,) = await shop.put(10, id="abcdefabcdefabcdefabcdef")
    spellings = [known, known.upper(), "aBcDeF" * 4]

    results = await shop.ask(UPDATE_STOCK, updates=updates(*spellings), options={"batchSize": 1})

    assert results == [
        {"productId": sent, "newStock": 11 + place, "error": None}
        for place, sent in enumerate(spellings)
    ]
    assert shop.stocks() == {known: 13}
    assert {str(row["productId"]) for row in shop.rows()} == {known}


async def test_a_product_that_is_repeated_in_every_chunk_applies_in_input_order(
    shop: Shop,
) -> None:
    ids = await shop.put(0, 0, 0)
    opening = shop.stocks()

    results = await shop.ask(UPDATE_STOCK, updates=updates(*ids * 100), options={"batchSize": 7})

    assert results == [
        {"productId": one, "newStock": 1 + place // 3, "error": None}
        for place, one in enumerate(ids * 100)
    ]
    shop.assert_ledger_explains(opening)


@pytest.mark.parametrize("size", [1, 500])
async def test_a_repeated_id_is_discontinued_once(shop: Shop, size: int) -> None:
    (known,) = await shop.put(10, id="abcdefabcdefabcdefabcdef")

    result = await shop.ask(
        DISCONTINUE,
        productIds=[known, UNKNOWN_ID, known.upper(), known, UNKNOWN_ID],
        options={"batchSize": size},
    )

    assert [result[name] for name in ("outcome", "updated", "unchanged", "failed")] == [
        "PARTIAL",
        1,
        2,
        2,
    ]
    assert [one["index"] for one in result["failures"]] == [1, 4]
    assert shop.stocks() == {known: 0}
    assert [row["quantity"] for row in shop.rows()] == [-10]
