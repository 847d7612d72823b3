"""Update stock with items that no rule forbids and no database takes: each fails alone."""

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.domain.stock_update import LedgerEntry
from server.kinds.discontinue_products.rules import Discontinued
from server.kinds.update_stock import effects as stock_batch
from server.kinds.update_stock.rules import StockItem, StockOutcome, ledger_entry
from tests.support.batches.poison import assert_masked
from tests.support.outcomes import code
from tests.support.shop import Shop


@pytest.mark.parametrize("poison", [[250], [0, 499], [7, 120, 121]])
async def test_the_neighbours_of_poison_commit(
    shop: Shop, caplog: pytest.LogCaptureFixture, poison: list[int]
) -> None:
    ids = await shop.put(*[10] * 500)
    opening = shop.stocks()
    shop.spoil(*(ids[place] for place in poison))

    outcomes = await shop.update([(one, 1) for one in ids])

    assert [one.index for one in outcomes] == list(range(500))
    assert_masked(outcomes, poison, caplog)
    assert [code(one) for one in outcomes].count(None) == 500 - len(poison)
    assert list(shop.stocks().values()) == [10 if place in poison else 11 for place in range(500)]
    assert {row["productId"] for row in shop.rows(status="failed")} == {
        ObjectId(ids[place]) for place in poison
    }
    assert len(shop.rows(status="applied")) == 500 - len(poison)
    shop.assert_ledger_explains(opening)


async def test_all_items_of_a_poisonous_product_fail(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(*[10] * 490)
    opening = shop.stocks()
    shop.spoil(ids[0])
    named = [*ids, *[ids[0]] * 10]

    outcomes = await shop.update([(one, 1) for one in named])

    assert_masked(outcomes, [0, *range(490, 500)], caplog)
    assert list(shop.stocks().values()) == [10, *[11] * 489]
    assert len(shop.rows(status="failed", productId=ObjectId(ids[0]))) == 11
    shop.assert_ledger_explains(opening)


async def test_the_poison_of_one_chunk_leaves_the_other_chunks_alone(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(*[10] * 30)
    shop.spoil(ids[15])

    outcomes = await shop.update([(one, 1) for one in ids], batch_size=10)

    assert_masked(outcomes, [15], caplog)
    assert list(shop.stocks().values()) == [10 if place == 15 else 11 for place in range(30)]


async def test_items_that_a_rule_refuses_keep_their_own_error_beside_poison(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(10, 10, 10)
    shop.spoil(ids[1])

    outcomes = await shop.update([(ids[0], -11), (ids[1], 1), ("nonsense", 1), (ids[2], 1)])

    assert_masked(outcomes, [1], caplog)
    assert [code(one) for one in outcomes] == [
        ItemErrorCode.INSUFFICIENT_STOCK,
        ItemErrorCode.INTERNAL,
        ItemErrorCode.INVALID_PRODUCT_ID,
        None,
    ]
    assert list(shop.stocks().values()) == [10, 10, 11]


async def test_a_fault_over_one_item_is_poison_too(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product is sound; our own code fails over its second update of three."""
    ids = await shop.put(10, 10)

    def stumble(item: StockItem, outcome: StockOutcome) -> LedgerEntry:
        if item.index == 2 and not isinstance(outcome, Failed):
            raise ZeroDivisionError
        return ledger_entry(item, outcome)

    monkeypatch.setattr(stock_batch, "ledger_entry", stumble)
    outcomes = await shop.update([(ids[0], 1), (ids[1], 1), (ids[0], 5), (ids[0], -11)])

    assert_masked(outcomes, [2], caplog)
    assert [code(one) for one in outcomes] == [None, None, ItemErrorCode.INTERNAL, None]
    assert shop.stocks() == {ids[0]: 0, ids[1]: 11}
    kept = shop.rows(status="applied", productId=ObjectId(ids[0]))
    assert [row["quantity"] for row in kept] == [1, -11]


@pytest.mark.parametrize("poison", [[250], [0, 499]])
async def test_poison_in_an_atomic_batch_undoes_it_and_is_named(
    shop: Shop, caplog: pytest.LogCaptureFixture, poison: list[int]
) -> None:
    ids = await shop.put(*[10] * 500)
    shop.spoil(*(ids[place] for place in poison))

    outcomes = await shop.update([(one, 1) for one in ids], atomic=True)

    assert [one.index for one in outcomes] == list(range(500))
    assert_masked(outcomes, poison, caplog)
    assert [code(one) for one in outcomes].count(ItemErrorCode.ROLLED_BACK) == 500 - len(poison)
    assert set(shop.stocks().values()) == {10}
    assert [row["status"] for row in shop.rows()] == ["failed"] * 500


async def test_every_item_at_fault_of_a_poisoned_atomic_batch_is_named(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """A rule alone condemns the batch before anything is written, and the poison goes unnoticed."""
    ids = await shop.put(10, 10, 10)
    shop.spoil(ids[1])

    outcomes = await shop.update([(ids[0], 1), (ids[1], 1), (ids[2], -11)], atomic=True)

    assert [code(one) for one in outcomes] == [
        ItemErrorCode.ROLLED_BACK,
        ItemErrorCode.ROLLED_BACK,
        ItemErrorCode.INSUFFICIENT_STOCK,
    ]
    assert_masked(outcomes, [], caplog)
    assert set(shop.stocks().values()) == {10}


async def test_a_dry_run_finds_the_poison_and_leaves_no_trace(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(*[10] * 20)
    shop.spoil(ids[13])

    outcomes = await shop.update([(one, 1) for one in ids], dry_run=True)

    assert_masked(outcomes, [13], caplog)
    assert set(shop.stocks().values()) == {10}
    assert shop.rows() == []


async def test_a_product_that_cannot_be_discontinued_fails_alone(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(*[10] * 20)
    opening = shop.stocks()
    shop.spoil(ids[13])

    outcomes = await shop.discontinue(ids)

    assert_masked(outcomes, [13], caplog)
    assert sum(isinstance(one, Discontinued) for one in outcomes) == 19
    assert shop.products.count_documents({"discontinued": True, "stock": 0}) == 19
    shop.assert_ledger_explains(opening)
