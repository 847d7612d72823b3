"""Read a product that expires: it is there until the millisecond before it is due."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.outcomes import codes
from tests.support.products.expiring import (
    A_MILLISECOND,
    CREATED,
    DUE,
    DUE_AS_TOLD,
    JUST_BEFORE,
    PRODUCT,
    PRODUCTS,
    listed,
    put_expiring,
    put_row,
    stored,
)
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

ORDERS = ["CREATED_ASC", "CREATED_DESC", "NAME_ASC", "NAME_DESC", "STOCK_ASC", "STOCK_DESC"]
FILTERS: list[dict[str, Any] | None] = [
    None,
    {"category": "tea"},
    {"discontinued": False},
    {"stockAtLeast": 10},
    {"stockAtMost": 10},
    {"stockAtLeast": 10, "stockAtMost": 10},
    {"namePrefix": "gr"},
    {"category": "tea", "discontinued": False, "stockAtLeast": 1, "namePrefix": "green"},
]
STOCK_UPDATES = "{ stockUpdates { edges { node { productId product { id } } } } }"


async def test_a_product_is_found_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)

    shop.clock.stand_at(JUST_BEFORE)
    before = await shop.ask(PRODUCT, id=expiring)
    shop.clock.stand_at(DUE)
    after = await shop.ask(PRODUCT, id=expiring)

    assert before == {"id": expiring, "expiresAt": DUE_AS_TOLD}
    assert after is None


@pytest.mark.parametrize("where", FILTERS, ids=str)
async def test_every_list_hides_it_from_the_millisecond_on_at_which_it_is_due(
    shop: Shop, where: dict[str, Any] | None
) -> None:
    green = {"name": "green tea", "category": "tea", "created_at": CREATED}
    (lasting,) = await shop.put(10, **green)
    (expiring,) = await put_expiring(shop, 10, **green)
    (later,) = await put_expiring(shop, 10, **green | {"expires_at": DUE + A_MILLISECOND})

    async def in_every_order(moment: datetime) -> list[tuple[list[str], int]]:
        shop.clock.stand_at(moment)
        return [await listed(shop, filter=where, orderBy=order) for order in ORDERS]

    before = await in_every_order(JUST_BEFORE)
    at_its_time = await in_every_order(DUE)
    after = await in_every_order(DUE + A_MILLISECOND)

    assert before == [both_ways(order, lasting, expiring, later) for order in ORDERS]
    assert at_its_time == [both_ways(order, lasting, later) for order in ORDERS]
    assert after == [([lasting], 1)] * len(ORDERS)


def both_ways(order: str, *ids: str) -> tuple[list[str], int]:
    """Order products that differ by nothing but their ids as this order shows them."""
    return list(ids if order.endswith("_ASC") else reversed(ids)), len(ids)


async def test_a_list_of_discontinued_products_hides_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 0, discontinued=True)

    shop.clock.stand_at(JUST_BEFORE)
    before = await listed(shop, filter={"discontinued": True})
    shop.clock.stand_at(DUE)
    after = await listed(shop, filter={"discontinued": True})

    assert before == ([expiring], 1)
    assert after == ([], 0)


async def test_a_list_of_ids_hides_it(shop: Shop) -> None:
    expiring, other = await put_expiring(shop, 10, 10)
    (lasting,) = await shop.put(10)
    where = {"ids": [lasting, other, expiring]}

    shop.clock.stand_at(JUST_BEFORE)
    before = await listed(shop, filter=where, orderBy="NAME_ASC")
    shop.clock.stand_at(DUE)
    after = await listed(shop, filter=where, orderBy="NAME_ASC")

    assert before == ([expiring, other, lasting], 3)
    assert after == ([lasting], 1)


@pytest.mark.parametrize("last_seen", ["before it", "it"])
@pytest.mark.parametrize("order", ORDERS)
async def test_a_product_that_expires_between_two_pages_neither_breaks_nor_shifts_them(
    shop: Shop, order: str, last_seen: str
) -> None:
    same = {"created_at": CREATED}
    ids = await shop.put(10, 10, **same)
    ids += await put_expiring(shop, 10, **same)
    ids += await shop.put(10, 10, 10, **same)
    expiring = ids[2]
    ids.sort(reverse=order.endswith("_DESC"))
    place = ids.index(expiring)
    size = place if last_seen == "before it" else place + 1

    shop.clock.stand_at(JUST_BEFORE)
    first = await shop.ask(PRODUCTS, first=size, orderBy=order)
    shop.clock.stand_at(DUE)
    cursor = first["pageInfo"]["endCursor"]
    second = await shop.ask(PRODUCTS, first=2, after=cursor, orderBy=order)

    assert [edge["node"]["id"] for edge in first["edges"]] == ids[:size]
    assert first["totalCount"] == 6
    assert [edge["node"]["id"] for edge in second["edges"]] == ids[place + 1 : place + 3]
    assert second["totalCount"] == 5


async def test_a_page_is_the_last_one_if_only_expired_products_follow(shop: Shop) -> None:
    await shop.put(10, 10, created_at=CREATED)
    await put_expiring(shop, 10, 10)

    shop.clock.stand_at(JUST_BEFORE)
    before = await shop.ask(PRODUCTS, first=2)
    shop.clock.stand_at(DUE)
    after = await shop.ask(PRODUCTS, first=2)

    assert before["edges"] == after["edges"]
    assert (before["pageInfo"]["hasNextPage"], before["totalCount"]) == (True, 4)
    assert (after["pageInfo"]["hasNextPage"], after["totalCount"]) == (False, 2)


async def test_the_rows_of_the_ledger_show_no_product_then(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)

    shop.clock.stand_at(JUST_BEFORE)
    before = await shop.ask(STOCK_UPDATES)
    shop.clock.stand_at(DUE)
    after = await shop.ask(STOCK_UPDATES)

    assert before["edges"] == [{"node": {"productId": expiring, "product": {"id": expiring}}}]
    assert after["edges"] == [{"node": {"productId": expiring, "product": None}}]


async def test_a_product_without_an_expiry_never_expires(shop: Shop) -> None:
    (lasting,) = await shop.put(10)
    shop.clock.stand_at(datetime(9999, 12, 31, tzinfo=UTC))

    outcomes = await shop.update([(lasting, 5)])

    assert codes(outcomes) == [None]
    assert await listed(shop) == ([lasting], 1)
    assert await shop.ask(PRODUCT, id=lasting) == {"id": lasting, "expiresAt": None}
    assert "expiresAt" not in stored(shop, lasting)
