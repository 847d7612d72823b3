"""Query `stockUpdates` by product, status, time and batch, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

STOCK_UPDATES = """
query ($filter: StockUpdateFilter, $first: Int, $after: String) {
  stockUpdates(filter: $filter, first: $first, after: $after) {
    edges { cursor node { id quantity } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
WHOLE_ROWS = """
query ($filter: StockUpdateFilter) {
  stockUpdates(filter: $filter) {
    edges {
      node {
        id productId quantity timestamp status error code reason newStock batchId
        product { id stock }
      }
    }
  }
}
"""
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BATCH = ObjectId("b" * 24)


def insert(shop: Shop, *rows: dict[str, Any]) -> list[str]:
    """Put rows into the ledger, with missing fields filled in; return their ids."""
    whole = [
        {
            "productId": ObjectId(UNKNOWN_ID),
            "quantity": place,
            "timestamp": NOON,
            "status": "applied",
            "reason": "adjustment",
            **row,
        }
        for place, row in enumerate(rows)
    ]
    return [str(one) for one in shop.stock_updates.insert_many(whole).inserted_ids]


async def quantities(shop: Shop, **where: Any) -> list[int]:
    """Return the quantities of the rows that the filter finds; check their total."""
    page = await shop.ask(STOCK_UPDATES, filter=where)
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["quantity"] for edge in page["edges"]]


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_every_field_of_a_row_is_told(shop: Shop) -> None:
    (known,) = await shop.put(10)
    await shop.update([(known, 5), (known, -16)])
    await shop.discontinue([known])
    waiting = {"batchId": BATCH, "index": 3, "status": "pending", "quantity": 2, "timestamp": NOON}
    insert(shop, waiting)
    rows = [*shop.rows(batchId=None), *shop.rows(batchId=BATCH)]

    page = await shop.ask(WHOLE_ROWS)

    common = {"productId": known, "batchId": None, "product": {"id": known, "stock": 0}}
    failed = {
        **common,
        "quantity": -16,
        "status": "FAILED",
        "reason": "ADJUSTMENT",
        "code": "INSUFFICIENT_STOCK",
        "error": "The stock is 15: 16 cannot be taken from it.",
        "newStock": None,
    }
    fine = {**common, "status": "APPLIED", "code": None, "error": None}
    expected = [
        {**fine, "quantity": -15, "reason": "DISCONTINUED", "newStock": 0},
        failed,
        {**fine, "quantity": 5, "reason": "ADJUSTMENT", "newStock": 15},
        {
            **fine,
            "productId": UNKNOWN_ID,
            "batchId": str(BATCH),
            "product": None,
            "quantity": 2,
            "status": "PENDING",
            "reason": "ADJUSTMENT",
            "newStock": None,
        },
    ]
    for one, row in zip(expected, [rows[2], rows[1], rows[0], rows[3]], strict=True):
        one |= {"id": str(row["_id"]), "timestamp": iso(row["timestamp"])}
    assert [edge["node"] for edge in page["edges"]] == expected


async def test_the_newest_row_comes_first(shop: Shop) -> None:
    moments = [NOON + timedelta(milliseconds=one) for one in (5, 0, 9, 3)]
    insert(shop, *({"timestamp": one} for one in moments))

    assert await quantities(shop) == [2, 0, 3, 1]


async def test_rows_are_found_by_product_and_status(shop: Shop) -> None:
    first, second = ObjectId("a" * 24), ObjectId("c" * 24)
    insert(
        shop,
        {"productId": first},
        {"productId": second},
        {"productId": first, "status": "failed"},
        {"productId": second, "status": "pending"},
    )

    assert await quantities(shop, productId=str(first)) == [2, 0]
    assert await quantities(shop, productId=str(first).upper()) == [2, 0]
    assert await quantities(shop, productId=UNKNOWN_ID) == []
    assert await quantities(shop, status="APPLIED") == [1, 0]
    assert await quantities(shop, status="FAILED") == [2]
    assert await quantities(shop, status="PENDING") == [3]
    assert await quantities(shop, productId=str(second), status="APPLIED") == [1]
    assert await quantities(shop, productId=None, status=None) == [3, 2, 1, 0]


async def test_since_is_inclusive_and_until_exclusive(shop: Shop) -> None:
    moments = [NOON + timedelta(milliseconds=one) for one in range(4)]
    insert(shop, *({"timestamp": one} for one in moments))

    assert await quantities(shop, since=iso(moments[1])) == [3, 2, 1]
    assert await quantities(shop, until=iso(moments[2])) == [1, 0]
    assert await quantities(shop, since=iso(moments[1]), until=iso(moments[2])) == [1]
    assert await quantities(shop, since=iso(moments[2]), until=iso(moments[2])) == []
    assert await quantities(shop, since="2026-01-31T13:00:00.001+01:00") == [3, 2, 1]
    assert await quantities(shop, since=iso(moments[1]), productId=UNKNOWN_ID) == [3, 2, 1]
    assert await quantities(shop, until=iso(moments[1]), status="APPLIED") == [0]
    assert await quantities(shop, since="0001-01-01T00:00:00Z") == [3, 2, 1, 0]
    assert await quantities(shop, until="9999-12-31T23:59:59Z") == [3, 2, 1, 0]


async def test_the_rows_of_a_batch_come_in_input_order(shop: Shop) -> None:
    other = ObjectId("c" * 24)
    insert(
        shop,
        {"batchId": BATCH, "index": 2},
        {"batchId": other, "index": 0},
        {"batchId": BATCH, "index": 0, "status": "failed"},
        {},
        {"batchId": BATCH, "index": 1, "timestamp": NOON + timedelta(hours=1)},
    )

    assert await quantities(shop, batchId=str(BATCH)) == [2, 4, 0]
    assert await quantities(shop, batchId=str(BATCH).upper(), status="APPLIED") == [4, 0]
    assert await quantities(shop, batchId=str(BATCH), since=iso(NOON + timedelta(hours=1))) == [4]
    assert await quantities(shop, batchId=UNKNOWN_ID) == []


async def test_the_pages_make_up_the_whole_ledger_though_many_times_are_equal(shop: Shop) -> None:
    statuses = ["applied", "failed", "pending"]
    ids = insert(
        shop,
        *(
            {
                "timestamp": NOON + timedelta(milliseconds=place * 5 % 3),
                "status": statuses[place % 3],
                "batchId": BATCH,
                "index": place,
            }
            for place in range(20)
        ),
    )
    newest = sorted(range(20), key=lambda place: (place * 5 % 3, ids[place]), reverse=True)
    some = [place for place in newest if place % 3 == 1]
    for where, expected in (
        ({}, newest),
        ({"status": "FAILED"}, some),
        ({"productId": UNKNOWN_ID}, newest),
        ({"batchId": str(BATCH)}, list(range(20))),
    ):
        for size in (1, 7, 20):
            assert await pages(shop, size, where) == [
                [ids[place] for place in expected[start : start + size]]
                for start in range(0, len(expected), size)
            ]


async def pages(shop: Shop, size: int, where: dict[str, Any]) -> list[list[str]]:
    """Return the ids on each page, from the first to the last."""
    found, after = [], None
    while True:
        page = await shop.ask(STOCK_UPDATES, filter=where, first=size, after=after)
        found.append([edge["node"]["id"] for edge in page["edges"]])
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_the_products_of_many_rows_take_one_command(shop: Shop) -> None:
    ids = await shop.put(*range(30))
    await shop.update([(one, 1) for one in ids])
    insert(shop, {}, {})
    shop.commands.names.clear()

    page = await shop.ask(WHOLE_ROWS)

    found = [edge["node"]["product"] for edge in page["edges"]]
    assert [one and one["stock"] for one in found] == [*range(30, 0, -1), None, None]
    assert shop.commands.names == ["find", "find", "find"]  # rows, waiting chunks, products


async def test_rows_are_counted_and_products_read_only_when_asked(shop: Shop) -> None:
    insert(shop, {}, {})
    shop.commands.names.clear()

    await shop.ask("{ stockUpdates { edges { node { id productId } } } }")
    assert shop.commands.names == ["find"] * 2
    shop.commands.names.clear()

    assert await shop.ask("{ stockUpdates(first: 1) { totalCount } }") == {"totalCount": 2}
    page, count = ["find"] * 2, ["aggregate", "aggregate", "find"]
    assert shop.commands.names == page + count
    shop.commands.names.clear()

    settled = "{ stockUpdates(filter: {status: APPLIED}) { totalCount } }"
    assert await shop.ask(settled) == {"totalCount": 2}
    assert shop.commands.names == ["find", "aggregate"]  # no row that waits is applied


async def test_a_wrong_filter_or_cursor_is_bad_input(shop: Shop) -> None:
    malformed = "after is not a cursor: pass the endCursor of the page before, unchanged, or leave"
    for arguments, told in (
        ({"filter": {"productId": "nonsense"}}, "filter.productId is “nonsense”: an id is 24 hex"),
        ({"filter": {"batchId": "\ud800"}}, "filter.batchId is '\\ud800': an id is 24 hexadecimal"),
        ({"filter": {"status": "LOST"}}, "Variable '$filter' has invalid value at .status: "),
        ({"filter": {"since": "2026"}}, "Variable '$filter' has invalid value at .since: "),
        ({"filter": {"until": 5}}, "Variable '$filter' has invalid value at .until: DateTime must"),
        ({"first": 0}, "first is 0: it must be from 1 to 1000."),
        ({"first": 1001}, "first is 1001: it must be from 1 to 1000."),
        ({"after": "x"}, malformed),
    ):
        answer = await shop.post_query(STOCK_UPDATES, **arguments)
        (error,) = answer["errors"]
        assert answer["data"] is None
        assert error["message"].startswith(told)
        assert error["extensions"] == {"code": "BAD_INPUT"}


async def test_a_cursor_of_another_list_is_bad_input(shop: Shop) -> None:
    await shop.put(1)
    insert(shop, {"batchId": BATCH, "index": 0})
    by_batch = await shop.ask(STOCK_UPDATES, filter={"batchId": str(BATCH)})
    products = await shop.ask("{ products { pageInfo { endCursor } } }")
    message = (
        "after is a cursor of a list in another order: keep orderBy and the filter the same from "
        "page to page, or leave after out to start anew."
    )

    for page in (by_batch, products):
        answer = await shop.graphql(STOCK_UPDATES, {"after": page["pageInfo"]["endCursor"]})
        assert answer["data"] is None
        assert [(one["message"], one["extensions"]) for one in answer["errors"]] == [
            (message, {"code": "BAD_INPUT"})
        ]
