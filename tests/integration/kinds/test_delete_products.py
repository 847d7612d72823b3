"""Delete products: what is returned, what goes with them, and what must stay."""

from typing import Any

import pytest

from server.domain.errors import cut
from tests.support.products.cups import (
    EACH_ITS_OWN,
    NOON,
    NOON_ISO,
    OWN_ID,
    failure,
    put,
    untouched_cup,
)
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

DELETE = """
mutation ($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) {
    outcome
    deleted { id name price stock category discontinued createdAt updatedAt expiresAt }
    deletedCount
    notFound { index productId }
    failed { index productId error { code message path } errors { code message path } }
    stats { total deleted notFound failed cascaded }
  }
}
"""


async def delete(
    shop: Shop, *deletes: str | tuple[str, bool | None], **options: Any
) -> dict[str, Any]:
    """Delete products, given by ids or by ids and whether to cascade."""
    items = [
        {"productId": one}
        if isinstance(one, str)
        else {"productId": one[0], "cascadeDelete": one[1]}
        for one in deletes
    ]
    result: dict[str, Any] = await shop.ask(DELETE, deletes=items, options=options)
    return result


def error(code: str, message: str, *path: str) -> dict[str, Any]:
    return {"code": code, "message": message, "path": ["deletes", *path]}


def kept(index: int, product_id: str, count: str) -> dict[str, Any]:
    message = f"The product {product_id} has {count}: set cascadeDelete to delete them with it."
    problem = error("HAS_STOCK_UPDATES", message, str(index), "productId")
    return failure(index, product_id, problem)


def counts(
    deleted: int, *, not_found: int = 0, failed: int = 0, cascaded: int = 0
) -> dict[str, int]:
    return {
        "total": deleted + not_found + failed,
        "deleted": deleted,
        "notFound": not_found,
        "failed": failed,
        "cascaded": cascaded,
    }


def owners(shop: Shop) -> list[str]:
    """Return the product of each row in the ledger."""
    return [str(row["productId"]) for row in shop.rows()]


async def test_deleted_products_are_counted_and_gone(shop: Shop) -> None:
    ids = await put(shop, 10, 0, 7)

    result = await delete(shop, *ids[:2])

    assert result == {
        "outcome": "ALL",
        "deleted": [],
        "deletedCount": 2,
        "notFound": [],
        "failed": [],
        "stats": counts(2),
    }
    assert shop.stocks() == {ids[2]: 7}


async def test_products_are_returned_as_they_were_in_input_order(shop: Shop) -> None:
    ids = await put(shop, *range(20))

    result = await delete(shop, *reversed(ids), returnDeletedItems=True)

    assert result["deleted"] == [
        untouched_cup(one, stock=19 - place) for place, one in enumerate(ids[::-1])
    ]
    assert (result["deletedCount"], result["stats"]) == (20, counts(20))
    assert shop.stocks() == {}


async def test_a_product_is_returned_as_the_last_update_left_it(shop: Shop) -> None:
    (known,) = await put(shop, 10)
    await shop.patch((known, {"name": "Mug", "price": 7}))
    await shop.update([(known, 5)])

    result = await delete(shop, (known, True), returnDeletedItems=True)

    assert result["deleted"] == [
        untouched_cup(known, name="Mug", price=7, stock=15, updatedAt=NOON_ISO)
    ]


@pytest.mark.parametrize(
    ("options", "is_returned"),
    [
        ({"returnDeletedItems": True}, False),
        ({"returnPartialResults": True}, False),
        ({"returnDeletedItems": True, "returnPartialResults": True}, True),
    ],
)
async def test_of_a_part_the_products_are_returned_only_if_both_options_say_so(
    shop: Shop, options: dict[str, Any], is_returned: bool
) -> None:
    (known,) = await put(shop, 10)

    result = await delete(shop, UNKNOWN_ID, known, **EACH_ITS_OWN, **options)

    assert result["outcome"] == "PARTIAL"
    assert result["deleted"] == ([untouched_cup(known)] if is_returned else [])
    assert (result["deletedCount"], result["stats"]) == (1, counts(1, not_found=1))
    assert shop.stocks() == {}


@pytest.mark.parametrize("size", [1, 500])
async def test_the_second_mention_of_a_product_is_not_found(shop: Shop, size: int) -> None:
    await put(shop, 10, id=OWN_ID)

    result = await delete(
        shop,
        OWN_ID.upper(),
        OWN_ID,
        batchSize=size,
        returnDeletedItems=True,
        returnPartialResults=True,
        **EACH_ITS_OWN,
    )

    assert result == {
        "outcome": "PARTIAL",
        "deleted": [untouched_cup(OWN_ID)],
        "deletedCount": 1,
        "notFound": [{"index": 1, "productId": OWN_ID}],
        "failed": [],
        "stats": counts(1, not_found=1),
    }
    assert shop.stocks() == {}


async def test_two_mentions_of_a_product_undo_an_atomic_batch(shop: Shop) -> None:
    await put(shop, 10, id=OWN_ID)

    result = await delete(shop, OWN_ID, OWN_ID.upper(), returnDeletedItems=True)

    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    assert result == {
        "outcome": "NONE",
        "deleted": [],
        "deletedCount": 0,
        "notFound": [{"index": 1, "productId": OWN_ID.upper()}],
        "failed": [failure(0, OWN_ID, error("ROLLED_BACK", message, "0"))],
        "stats": counts(0, not_found=1, failed=1),
    }
    assert shop.stocks() == {OWN_ID: 10}


async def test_unknown_and_expired_products_are_not_found(shop: Shop) -> None:
    (expired,) = await put(shop, 10, expires_at=NOON)

    result = await delete(shop, UNKNOWN_ID.upper(), expired, cascadeDelete=True)

    assert result["outcome"] == "NONE"
    assert result["notFound"] == [
        {"index": 0, "productId": UNKNOWN_ID.upper()},
        {"index": 1, "productId": expired},
    ]
    assert result["stats"] == counts(0, not_found=2)
    assert shop.stocks() == {expired: 10}


async def test_a_malformed_id_fails(shop: Shop) -> None:
    (known,) = await put(shop, 10)

    result = await delete(shop, "x" * 2**20, known, **EACH_ITS_OWN)

    shown = "“" + "x" * 31 + " … " + "x" * 30 + "”"
    message = f"{shown} is not a product id: an id is 24 hexadecimal characters."
    assert result["failed"] == [
        failure(0, cut("x" * 2**20), error("INVALID_PRODUCT_ID", message, "0", "productId"))
    ]
    assert result["stats"] == counts(1, failed=1)
    assert shop.stocks() == {}


async def test_products_that_have_stock_updates_stay_with_them(shop: Shop) -> None:
    one, several, refused = await put(shop, 10, 10, 10)
    await shop.update([(one, 1), *[(several, 1)] * 3, (refused, -11)])
    rows = shop.rows()

    result = await delete(shop, one, several, refused, **EACH_ITS_OWN)

    assert result == {
        "outcome": "NONE",
        "deleted": [],
        "deletedCount": 0,
        "notFound": [],
        "failed": [
            kept(0, one, "1 stock update"),
            kept(1, several, "3 stock updates"),
            kept(2, refused, "1 stock update"),  # one that failed is a row too
        ],
        "stats": counts(0, failed=3),
    }
    assert shop.stocks() == {one: 11, several: 13, refused: 10}
    assert shop.rows() == rows


async def test_an_item_that_cascades_does_so_for_its_product_alone(shop: Shop) -> None:
    first, second, beside = await put(shop, 10, 10, 10)
    await shop.update([(first, 1), (second, 1), (first, 1), (beside, 1), (first, -99)])

    result = await delete(shop, (first, True), (second, None), **EACH_ITS_OWN)

    assert result["failed"] == [kept(1, second, "1 stock update")]
    assert result["stats"] == counts(1, failed=1, cascaded=3)
    assert shop.stocks() == {second: 11, beside: 11}
    assert owners(shop) == [second, beside]


async def test_a_batch_that_cascades_does_so_for_every_item_whatever_it_says(shop: Shop) -> None:
    ids = await put(shop, 10, 10, 10, 10)
    await shop.update([(one, 1) for one in ids for _ in range(2)])

    result = await delete(shop, ids[0], (ids[1], False), (ids[2], None), cascadeDelete=True)

    assert (result["outcome"], result["stats"]) == ("ALL", counts(3, cascaded=6))
    assert shop.stocks() == {ids[3]: 12}
    assert owners(shop) == [ids[3]] * 2


async def test_a_cascade_without_rows_cascades_over_none(shop: Shop) -> None:
    (known,) = await put(shop, 10)

    result = await delete(shop, (known, True))

    assert (result["outcome"], result["stats"]) == ("ALL", counts(1, cascaded=0))
    assert shop.stocks() == {}


async def test_a_cascade_that_is_rolled_back_takes_no_row(shop: Shop) -> None:
    known, beside = await put(shop, 10, 10)
    await shop.update([(known, 1), (beside, 1)])
    rows = shop.rows()

    result = await delete(shop, (known, True), beside)

    assert [one["error"]["code"] for one in result["failed"]] == [
        "ROLLED_BACK",
        "HAS_STOCK_UPDATES",
    ]
    assert result["stats"] == counts(0, failed=2)
    assert shop.stocks() == {known: 11, beside: 11}
    assert shop.rows() == rows


async def test_a_discontinued_product_can_be_deleted(shop: Shop) -> None:
    (born_so,) = await put(shop, 0, discontinued=True)
    (made_so,) = await put(shop, 10)
    await shop.discontinue([made_so])

    result = await delete(shop, born_so, (made_so, True), returnDeletedItems=True)

    assert result["deleted"] == [
        untouched_cup(born_so, discontinued=True, stock=0),
        untouched_cup(made_so, discontinued=True, stock=0, updatedAt=NOON_ISO),
    ]
    assert result["stats"] == counts(2, cascaded=1)
    assert (shop.stocks(), shop.rows()) == ({}, [])


async def test_an_empty_batch_succeeds_without_a_command(shop: Shop) -> None:
    shop.commands.names.clear()

    for options in ({}, EACH_ITS_OWN, {"atomic": False}, {"dryRun": True}):
        assert await delete(shop, **options) == {
            "outcome": "ALL",
            "deleted": [],
            "deletedCount": 0,
            "notFound": [],
            "failed": [],
            "stats": counts(0),
        }

    assert shop.commands.names == []


async def test_a_dry_run_answers_as_if_and_deletes_nothing(shop: Shop) -> None:
    known, beside = await put(shop, 10, 10)
    await shop.update([(known, 1), (known, 1)])
    rows = shop.rows()

    result = await delete(
        shop, known, beside, dryRun=True, cascadeDelete=True, returnDeletedItems=True
    )

    assert result["deleted"] == [
        untouched_cup(known, stock=12, updatedAt=NOON_ISO),
        untouched_cup(beside),
    ]
    assert result["stats"] == counts(2, cascaded=2)
    assert shop.stocks() == {known: 12, beside: 10}
    assert shop.rows() == rows
