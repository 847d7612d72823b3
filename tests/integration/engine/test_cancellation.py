"""Hang up as a caller: chunks that have begun end and are waited for, the others never begin."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.support.shop import Shop
from tests.support.slow_commits import BLOCK_MS, committing, slow_commits

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates) { newStock }
}
"""
DISCONTINUE = """
mutation ($productIds: [ID!]!) {
  batchDiscontinueProducts(productIds: $productIds) { updated }
}
"""
CONCURRENT_CHUNKS = 8  # as open_shop sets it


async def hang_up_while_committing(
    shop: Shop, call: Coroutine[Any, Any, object], commits: int = 1
) -> None:
    caller = await committing(shop, call, commits)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_a_commit_happens_though_its_caller_has_gone(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    with slow_commits(shop):
        await hang_up_while_committing(shop, shop.update([(ids[0], 5), (ids[1], -3)]))
        assert shop.stocks() == {ids[0]: 10, ids[1]: 10}

        await shop.engine.drain()

    assert shop.stocks() == {ids[0]: 15, ids[1]: 7}
    assert [row["status"] for row in shop.rows()] == ["applied", "applied"]


async def test_draining_waits_for_a_commit_that_is_tried_again(shop: Shop) -> None:
    """The first answer of the commit is lost after its caller has gone."""
    (known,) = await shop.put(10)
    slow_and_lost = {"blockConnection": True, "blockTimeMS": BLOCK_MS, "closeConnection": True}
    with shop.failing("commitTransaction", mode={"times": 1}, **slow_and_lost):
        await hang_up_while_committing(shop, shop.update([(known, 5)]))
        await shop.engine.drain()

    assert shop.stocks() == {known: 15}
    assert len(shop.rows()) == 1


async def test_chunks_that_had_not_begun_never_begin(shop: Shop) -> None:
    ids = await shop.put(*[10] * 12)
    call = shop.update([(one, 5) for one in ids], batch_size=1)
    with slow_commits(shop):
        await hang_up_while_committing(shop, call, commits=CONCURRENT_CHUNKS)
        await shop.engine.drain()

    assert list(shop.stocks().values()) == [15] * CONCURRENT_CHUNKS + [10] * 4
    assert len(shop.rows()) == CONCURRENT_CHUNKS
    assert shop.commands.names.count("commitTransaction") == CONCURRENT_CHUNKS


async def test_other_callers_are_answered(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    with slow_commits(shop):
        other = asyncio.create_task(shop.ask(UPDATE_STOCK, updates=[update(ids[1], 1)]))
        call = shop.update([(ids[0], 5)], atomic=True)  # so that they share no transaction
        await hang_up_while_committing(shop, call, commits=2)

        assert await other == [{"newStock": 11}]
        await shop.engine.drain()

    assert shop.stocks() == {ids[0]: 15, ids[1]: 11}


async def test_a_mutation_that_is_cut_off_is_told_so_and_committed(shop: Shop) -> None:
    (known,) = await shop.put(10)
    with slow_commits(shop):
        await cut_off_while_committing(shop, UPDATE_STOCK, updates=[update(known, 5)])
        await shop.engine.drain()

    assert shop.stocks() == {known: 15}


async def test_a_discontinuation_that_is_cut_off_is_told_so_and_committed(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    with slow_commits(shop):
        await cut_off_while_committing(shop, DISCONTINUE, productIds=ids)
        await shop.engine.drain()

    assert shop.products.count_documents({"discontinued": True, "stock": 0}) == 2
    assert [row["quantity"] for row in shop.rows()] == [-10, -10]


async def cut_off_while_committing(shop: Shop, query: str, **variables: Any) -> None:
    """Cancel the request as a server that stops does: it is answered before anything is known."""
    body = json.dumps({"query": query, "variables": variables})
    request = await committing(shop, shop.post(body))
    request.cancel()

    response = await request

    message = (
        "The server stops, and what has begun goes on to its end. With an idempotency key, send "
        "the request again: nothing is done twice. Without one, look at stockUpdates or "
        "batchOperations first."
    )
    assert response.status_code == 503
    assert response.json() == {
        "errors": [{"message": message, "extensions": {"code": "UNAVAILABLE"}}]
    }
    assert shop.rows() == []


def update(product_id: str, quantity: int) -> dict[str, Any]:
    return {"productId": product_id, "quantity": quantity}


async def test_chunks_that_commit_in_order_end_with_the_last_one_that_has_begun(
    shop: Shop,
) -> None:
    """Four chunks of a batch run at a time; the others begin only when one of them has ended."""
    cups = [{"name": f"Cup {number}"} for number in range(12)]
    with slow_commits(shop):
        await hang_up_while_committing(
            shop, shop.create(*cups, continue_on_error=False, batch_size=2)
        )
        await shop.engine.drain()

    names = [one["name"] for one in shop.products.find().sort("_id")]
    assert names == [f"Cup {number}" for number in range(8)]
