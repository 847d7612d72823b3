"""Change a product that expires: from the millisecond on at which it is due, nothing finds it."""

import pytest

from server.domain.item_error import ItemErrorCode
from tests.support.outcomes import codes
from tests.support.products.expiring import (
    DUE,
    JUST_BEFORE,
    UPDATE,
    documents,
    put_expiring,
    put_row,
    stored,
)
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

DELETE = """
mutation ($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) {
    outcome deletedCount notFound { index productId } failed { index error { code } }
  }
}
"""


async def test_every_mutation_finds_it_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    ids = await put_expiring(shop, 10, 10, 10, 10)
    shop.clock.stand_at(JUST_BEFORE)

    updated = await shop.update([(ids[0], 5)])
    discontinued = await shop.discontinue([ids[1]])
    patched = await shop.patch((ids[2], {"price": 7}))
    deleted = await shop.delete(ids[3])

    assert [codes(one) for one in (updated, discontinued, patched, deleted)] == [[None]] * 4
    assert shop.stocks() == {ids[0]: 15, ids[1]: 0, ids[2]: 10}
    assert [one["expiresAt"] for one in shop.products.find()] == [DUE] * 3


async def test_a_stock_update_does_not_find_it_then_and_leaves_a_failed_row(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    before = stored(shop, expiring)
    shop.clock.stand_at(DUE)

    outcomes = await shop.update([(expiring, 5), (lasting, 5)])

    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND, None]
    assert stored(shop, expiring) == before
    assert shop.stocks()[lasting] == 15
    assert [
        (str(row["productId"]), row["quantity"], row["status"], row.get("code"), row["timestamp"])
        for row in shop.rows()
    ] == [
        (expiring, 5, "failed", "PRODUCT_NOT_FOUND", DUE),
        (lasting, 5, "applied", None, DUE),
    ]


async def test_a_discontinuation_does_not_find_it_then(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    outcomes = await shop.discontinue([expiring])

    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND]
    assert documents(shop) == before


@pytest.mark.parametrize("expire_in", [None, 3_600_000])
async def test_a_field_update_does_not_find_it_then_and_cannot_call_it_back(
    shop: Shop, expire_in: int | None
) -> None:
    (expiring,) = await put_expiring(shop, 10)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    result = await shop.ask(
        UPDATE,
        updates=[{"productId": expiring, "data": {"price": 7}}],
        options={"expireIn": expire_in},
    )

    assert result == {
        "outcome": "NONE",
        "updated": [],
        "notFound": [{"index": 0, "productId": expiring}],
        "failed": [],
    }
    assert documents(shop) == before


@pytest.mark.parametrize("cascade", [True, False])
async def test_a_deletion_does_not_find_it_then_and_leaves_its_rows_to_the_sweep(
    shop: Shop, cascade: bool
) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    result = await shop.ask(
        DELETE, deletes=[{"productId": expiring}], options={"cascadeDelete": cascade}
    )

    assert result == {
        "outcome": "NONE",
        "deletedCount": 0,
        "notFound": [{"index": 0, "productId": expiring}],
        "failed": [],
    }
    assert documents(shop) == before


async def test_an_atomic_stock_update_is_rolled_back_by_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    shop.clock.stand_at(DUE)

    outcomes = await shop.update([(lasting, 5), (expiring, 5)], atomic=True)

    assert codes(outcomes) == [ItemErrorCode.ROLLED_BACK, ItemErrorCode.PRODUCT_NOT_FOUND]
    assert shop.stocks() == {expiring: 10, lasting: 10}
    assert [row["status"] for row in shop.rows()] == ["failed", "failed"]


@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_atomic_field_update_meets_it_as_an_item_at_fault(
    shop: Shop, goes_on: bool
) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    before = stored(shop, expiring)
    shop.clock.stand_at(DUE)

    outcomes = await shop.patch(
        (expiring, {"price": 7}), (lasting, {"price": 7}), atomic=True, continue_on_error=goes_on
    )

    neighbour = None if goes_on else ItemErrorCode.ROLLED_BACK
    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND, neighbour]
    assert stored(shop, expiring) == before
    assert stored(shop, lasting)["price"] == (7 if goes_on else 100)


@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_atomic_deletion_meets_it_as_an_item_at_fault(shop: Shop, goes_on: bool) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    put_row(shop, expiring, lasting)
    shop.clock.stand_at(DUE)

    outcomes = await shop.delete(
        lasting, expiring, cascade=True, atomic=True, continue_on_error=goes_on
    )

    neighbour = None if goes_on else ItemErrorCode.ROLLED_BACK
    left = [expiring] if goes_on else [expiring, lasting]
    assert codes(outcomes) == [neighbour, ItemErrorCode.PRODUCT_NOT_FOUND]
    assert sorted(shop.stocks()) == left
    assert [str(row["productId"]) for row in shop.rows()] == left


async def test_an_atomic_discontinuation_is_rolled_back_by_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    outcomes = await shop.discontinue([lasting, expiring], atomic=True)

    assert codes(outcomes) == [ItemErrorCode.ROLLED_BACK, ItemErrorCode.PRODUCT_NOT_FOUND]
    assert documents(shop) == before


async def test_a_chunk_that_is_run_again_goes_by_the_time_of_its_last_run(shop: Shop) -> None:
    """The product becomes due between the first run and the last."""
    (expiring,) = await put_expiring(shop, 10)
    shop.clock.stand_at(JUST_BEFORE)
    shop.commands.on_start = lambda name: shop.clock.stand_at(DUE) if name == "update" else None

    with shop.failing("update", mode={"times": 1}, errorCode=112):
        outcomes = await shop.update([(expiring, 5)])

    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND]
    assert shop.stocks() == {expiring: 10}
    assert [(row["status"], row["timestamp"]) for row in shop.rows()] == [("failed", DUE)]
