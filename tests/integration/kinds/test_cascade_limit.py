"""Delete more rows than fit into one transaction: in smaller ones if allowed, else refused."""

import pytest

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.delete_products.rules import Deleted
from server.mongo.products import ledger
from tests.support.shop import Shop

MOST_ROWS = 10


@pytest.fixture(autouse=True)
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_ROWS", MOST_ROWS)


async def put_with_rows(shop: Shop, *counts: int) -> list[str]:
    """Put a product for each count, with that many rows."""
    ids = await shop.put(*[10] * len(counts))
    await shop.update(
        [(one, 1) for one, count in zip(ids, counts, strict=True) for _ in range(count)]
    )
    return ids


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_chunk_with_too_many_rows_is_deleted_in_parts(shop: Shop, goes_on: bool) -> None:
    ids = await put_with_rows(shop, 4, 4, 4, 4, 4)

    outcomes = await shop.delete(*ids, cascade=True, continue_on_error=goes_on)

    assert [one.cascaded for one in outcomes if isinstance(one, Deleted)] == [4] * 5
    assert (shop.stocks(), shop.rows()) == ({}, [])


async def test_as_many_rows_as_fit_go_in_one_transaction(shop: Shop) -> None:
    ids = await put_with_rows(shop, 4, 6)
    shop.commands.names.clear()

    await shop.delete(*ids, cascade=True, atomic=True)

    assert shop.commands.names.count("commitTransaction") == 1
    assert (shop.stocks(), shop.rows()) == ({}, [])


@pytest.mark.parametrize("goes_on", [True, False])
async def test_an_atomic_batch_with_too_many_rows_is_refused_at_once(
    shop: Shop, goes_on: bool
) -> None:
    ids = await put_with_rows(shop, 4, 4, 4)
    before = list(shop.products.find()), shop.rows()
    shop.commands.names.clear()

    outcomes = await shop.delete(*ids, cascade=True, atomic=True, continue_on_error=goes_on)

    failures = [one for one in outcomes if isinstance(one, Failed)]
    assert [one.error.code for one in failures] == [ItemErrorCode.HAS_STOCK_UPDATES] * 3
    assert not any(one.error.retryable for one in failures)
    assert "Send fewer products at once" in failures[0].error.message
    assert "delete" not in shop.commands.names
    assert (list(shop.products.find()), shop.rows()) == before


async def test_a_product_that_alone_has_too_many_rows_fails_alone(shop: Shop) -> None:
    ids = await put_with_rows(shop, 1, 11, 1)

    outcomes = await shop.delete(*ids, cascade=True)

    assert [type(one) for one in outcomes] == [Deleted, Failed, Deleted]
    assert shop.stocks() == {ids[1]: 21}
    assert len(shop.rows()) == 11


async def test_a_dry_run_says_what_the_real_run_would(shop: Shop) -> None:
    ids = await put_with_rows(shop, 4, 11, 4, 4)
    before = list(shop.products.find()), shop.rows()

    dry = await shop.delete(*ids, cascade=True, dry_run=True)

    assert [type(one) for one in dry] == [Deleted, Failed, Deleted, Deleted]
    assert (list(shop.products.find()), shop.rows()) == before


async def test_a_create_does_not_sweep_more_than_fits(shop: Shop) -> None:
    """The sweep takes the rows of the expired product in parts; until then its id is not free."""
    (expiring,) = await put_with_rows(shop, 11)
    now = shop.clock()
    shop.products.update_many({}, {"$set": {"expiresAt": now}})
    shop.clock.stand_at(now)

    outcomes = await shop.create({"own_id": expiring}, {"name": "Pot"})

    assert isinstance(outcomes[0], Failed)
    assert outcomes[0].error.code is ItemErrorCode.HAS_STOCK_UPDATES
    assert [one["name"] for one in shop.products.find().sort("_id")] == ["Cup", "Pot"]
    assert len(shop.rows()) == 11
