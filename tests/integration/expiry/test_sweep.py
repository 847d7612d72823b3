"""Sweep expired products: they go with their whole ledger, and nothing else goes."""

import random

import pytest
from bson import ObjectId

from server.jobs.expiry_sweep import PRODUCTS_AT_ONCE, ROWS_AT_ONCE
from tests.support.products.expiring import A_MILLISECOND, AN_HOUR, DUE, JUST_BEFORE, documents
from tests.support.products.sweeping import put_expired, put_rows, sizes, sweep_of, watched
from tests.support.shop import Shop


async def test_what_has_expired_goes_with_its_rows_and_nothing_else_does(shop: Shop) -> None:
    (lasting,) = await shop.put(10)
    (later,) = await shop.put(10, expires_at=DUE + A_MILLISECOND)
    unknown = str(ObjectId())
    put_rows(shop, lasting, later, unknown, later)
    kept = documents(shop)
    expired = await put_expired(shop, 3, rows=2)
    (long_ago,) = await shop.put(10, expires_at=DUE - AN_HOUR, discontinued=True)
    put_rows(shop, lasting, expired[1], long_ago)
    kept["stockUpdates"].append(shop.rows(productId=ObjectId(lasting))[-1])

    swept = await sweep_of(shop).run_once()

    assert swept == 4
    assert documents(shop) == kept


async def test_a_product_stays_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    await put_expired(shop, 1, rows=1)
    shop.clock.stand_at(JUST_BEFORE)
    there = documents(shop)

    early = await sweep_of(shop).run_once()
    left = documents(shop)
    shop.clock.stand_at(DUE)
    in_time = await sweep_of(shop).run_once()

    assert (early, left) == (0, there)
    assert (in_time, documents(shop)) == (1, {"products": [], "stockUpdates": []})


async def test_failed_rows_and_those_of_a_discontinuation_go_too(shop: Shop) -> None:
    (expiring,) = await shop.put(10, expires_at=DUE)
    shop.clock.stand_at(JUST_BEFORE)
    await shop.update([(expiring, 5), (expiring, -99), (expiring, 0.5)])
    await shop.discontinue([expiring])
    shop.clock.stand_at(DUE)

    rows = len(shop.rows())
    swept = await sweep_of(shop).run_once()

    assert (rows, swept) == (4, 1)
    assert documents(shop) == {"products": [], "stockUpdates": []}


async def test_where_nothing_has_expired_nothing_is_written(shop: Shop) -> None:
    (lasting,) = await shop.put(10)
    put_rows(shop, lasting)
    there = documents(shop)
    shop.commands.names.clear()

    swept = await sweep_of(shop).run_once()

    assert swept == 0
    assert set(shop.commands.names) <= {"find", "commitTransaction"}
    assert documents(shop) == there


async def test_a_part_takes_two_deletions_however_many_products_go_with_it(shop: Shop) -> None:
    await put_expired(shop, PRODUCTS_AT_ONCE, rows=10)
    shop.commands.names.clear()

    await sweep_of(shop).run_once()

    names = shop.commands.names
    part = names[: names.index("commitTransaction") + 1]
    assert part == ["find", "find", "delete", "delete", "insert", "commitTransaction"]
    assert set(names[len(part) :]) <= {"find", "commitTransaction"}


async def test_a_part_has_a_hundred_products_at_most(shop: Shop) -> None:
    await put_expired(shop, 350)

    with watched(shop) as left:
        swept = await sweep_of(shop).run_once()

    assert swept == 350
    assert sizes(left) == [(100, 0), (100, 0), (100, 0), (50, 0)]


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        (999, [(1, 999)]),
        (1_000, [(1, 1_000)]),
        (1_001, [(0, 1_000), (1, 1)]),
        (2_500, [(0, 1_000), (0, 1_000), (1, 500)]),
    ],
)
async def test_a_product_with_more_rows_than_a_part_may_have_goes_with_the_last_of_them(
    shop: Shop, rows: int, parts: list[tuple[int, int]]
) -> None:
    await put_expired(shop, 1, rows=rows)

    with watched(shop) as left:
        swept = await sweep_of(shop).run_once()

    assert swept == 1
    assert sizes(left) == parts


async def test_every_part_is_bounded_and_parts_no_product_from_its_rows(shop: Shop) -> None:
    dice = random.Random(2026)
    ids = await put_expired(shop, 120)
    large = ids[7]
    counts = {one: dice.choice([0, 1, 30, 90]) for one in ids} | {large: 1_500}
    put_rows(shop, *(one for one, count in counts.items() for _ in range(count)))

    with watched(shop) as left:
        swept = await sweep_of(shop).run_once()

    assert swept == 120
    assert documents(shop) == {"products": [], "stockUpdates": []}
    assert all(
        products <= PRODUCTS_AT_ONCE and rows <= ROWS_AT_ONCE for products, rows in sizes(left)
    )
    for moment in left:
        assert set(moment.rows) <= moment.products
        whole = {one: counts[one] for one in moment.products - {large} if counts[one]}
        assert {one: count for one, count in moment.rows.items() if one != large} == whole
