"""Follow the ledger's rows of a submitted batch from pending to settled."""

import asyncio
import re
from collections.abc import Sequence

import pytest

from server.domain.batch_state import BatchState
from server.domain.item_result import Input
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from tests.support.batches.batch_work import assert_exact, batch, codes, plus_one, submit, work_off
from tests.support.shop import UNKNOWN_ID, Shop


async def told(shop: Shop, batch_id: str) -> list[tuple[object, ...]]:
    """Return the rows of the batch as callers see them, in the order of its items."""
    return [
        (
            row.product_id,
            row.quantity,
            row.status.value,
            row.new_stock,
            row.code and row.code.value,
        )
        for row in await shop.ledger(batch_id=batch_id)
    ]


async def test_rows_wait_until_their_items_have_been_tried(shop: Shop) -> None:
    rich, poor = await shop.put(10, 1)
    inputs: list[Input] = [
        {"productId": rich, "quantity": 2},
        {"productId": poor.upper(), "quantity": -2},
        {"productId": UNKNOWN_ID, "quantity": 3},
        {"productId": "nonsense", "quantity": 4},
        {"productId": rich, "quantity": 0.5},
    ]

    batch_id = await submit(shop, inputs)

    assert await told(shop, batch_id) == [
        (rich, 2, "pending", None, None),
        (poor, -2, "pending", None, None),
        (UNKNOWN_ID, 3, "pending", None, None),
        (rich, 0, "pending", None, None),
    ]
    ids = [row.id for row in await shop.ledger()]
    assert shop.rows() == []
    await work_off(shop)

    assert await told(shop, batch_id) == [
        (rich, 2, "applied", 12, None),
        (poor, -2, "failed", None, "INSUFFICIENT_STOCK"),
        (UNKNOWN_ID, 3, "failed", None, "PRODUCT_NOT_FOUND"),
        (rich, 0, "failed", None, "INVALID_QUANTITY"),
    ]
    assert sorted(str(row["_id"]) for row in shop.rows()) == sorted(ids)
    assert_exact(shop, {rich: 10, poor: 1})


async def test_a_row_has_the_time_at_which_its_item_was_tried(shop: Shop) -> None:
    batch_id = await submit(shop, plus_one(await shop.put(10)))
    (waiting,) = await shop.ledger()
    later = waiting.timestamp.replace(year=waiting.timestamp.year + 1)

    shop.clock.stand_at(later)
    await work_off(shop)

    (settled,) = await shop.ledger()
    assert (settled.timestamp, settled.id) == (later, waiting.id)
    assert (await batch(shop, batch_id)).completed_at == later


async def test_a_product_that_is_deleted_meanwhile_is_not_found_and_a_row_says_so(
    shop: Shop,
) -> None:
    gone, other = await shop.put(10, 10)
    batch_id = await submit(shop, plus_one([gone, other, gone]))

    await shop.delete(gone, cascade=True)
    assert [row[2] for row in await told(shop, batch_id)] == ["pending"] * 3
    await work_off(shop)

    assert await codes(shop, batch_id) == ["PRODUCT_NOT_FOUND", "OK", "PRODUCT_NOT_FOUND"]
    assert [row[2:] for row in await told(shop, batch_id)] == [
        ("failed", None, "PRODUCT_NOT_FOUND"),
        ("applied", 11, None),
        ("failed", None, "PRODUCT_NOT_FOUND"),
    ]
    assert_exact(shop, {other: 10})


async def test_a_product_that_is_deleted_and_made_again_meanwhile_has_rows_that_explain_it(
    shop: Shop,
) -> None:
    again, other = await shop.put(10, 10)
    batch_id = await submit(shop, plus_one([again, other, again]))

    await shop.delete(again, cascade=True)
    await shop.create({"own_id": again, "stock": 3})
    await work_off(shop)

    assert await codes(shop, batch_id) == ["OK"] * 3
    assert shop.stocks() == {other: 11, again: 5}
    assert_exact(shop, {other: 10, again: 3})


@pytest.mark.parametrize("first", ["the update", "the deletion"])
async def test_an_update_and_a_deletion_that_are_submitted_one_after_the_other(
    shop: Shop, first: str
) -> None:
    """A cascade takes the rows that wait as well as those that were settled."""
    one, other = await shop.put(10, 10)
    deletion = ([{"productId": one}], DELETE_PRODUCTS.work({"cascadeDelete": True}))
    if first == "the deletion":
        await submit(shop, *deletion)
    update = await submit(shop, plus_one([one, other]))
    if first == "the update":
        await submit(shop, *deletion)

    await work_off(shop)

    expected = {"the update": ["OK", "OK"], "the deletion": ["PRODUCT_NOT_FOUND", "OK"]}[first]
    assert await codes(shop, update) == expected
    assert shop.stocks() == {other: 11}
    assert_exact(shop, {other: 10}, deleted=[one])


async def test_rows_that_wait_keep_a_product_from_being_deleted_without_a_cascade(
    shop: Shop,
) -> None:
    (one,) = await shop.put(10)
    await submit(shop, plus_one([one]))
    deletion = await submit(shop, [{"productId": one}], DELETE_PRODUCTS.work())

    await work_off(shop)

    assert await codes(shop, deletion) == ["HAS_STOCK_UPDATES"]
    assert_exact(shop, {one: 10})


@pytest.mark.parametrize("poison", [[25], [0, 49], [7, 20, 21]])
async def test_poison_in_a_chunk_fails_alone(
    shop: Shop, poison: Sequence[int], caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(*[10] * 50)
    batch_id = await submit(shop, plus_one(ids))
    shop.spoil(*(ids[place] for place in poison))

    assert await work_off(shop) == 1

    done = await batch(shop, batch_id)
    assert (done.state, done.failure_count) == (BatchState.COMPLETED, len(poison))
    assert await codes(shop, batch_id) == [
        "INTERNAL" if place in poison else "OK" for place in range(50)
    ]
    assert len([one for one in caplog.messages if re.match("A chunk of .* failed", one)]) == len(
        poison
    )
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_poison_is_no_crash_and_no_attempt(shop: Shop) -> None:
    ids = await shop.put(*[10] * 5)
    await submit(shop, plus_one(ids))
    shop.spoil(ids[2])

    await asyncio.gather(*(work_off(shop) for _ in range(4)))

    (stored,) = shop.admin[shop.database]["batchChunks"].find()
    assert (stored["crashes"], stored["attempts"], stored["status"]) == (0, 0, "done")
