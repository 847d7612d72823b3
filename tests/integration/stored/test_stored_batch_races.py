"""Change a stored batch between two looks at it."""

from collections.abc import Sequence
from typing import Any

import pytest

from server.batches.request import BatchRequest
from server.domain.batch_state import BatchState
from server.domain.errors import CommitUnknown
from server.domain.options import BatchOptions
from server.domain.outcome import Failed
from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.transaction import Body, TransactionRunner
from tests.support.batches.batch_work import assert_exact, chunks, plus_one, submit, work_off
from tests.support.shop import Shop

ITEMS = 60
IN_MANY_CHUNKS = BatchOptions(batch_size=1)


async def test_a_submission_whose_last_commit_is_in_doubt_is_not_taken_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be running already; the same key returns it."""
    ids = await shop.put(*[10] * ITEMS)
    run = TransactionRunner.run

    async def in_doubt(self: TransactionRunner, body: Body[Any], **how: Any) -> Any:
        result = await run(self, body, **how)
        if shop.admin[shop.database]["batchOperations"].count_documents({"status": "pending"}):
            raise CommitUnknown("the answer was lost")
        return result

    request = BatchRequest(work=UPDATE_STOCK.work(), options=IN_MANY_CHUNKS, key="once")
    with monkeypatch.context() as patched:
        patched.setattr(TransactionRunner, "run", in_doubt)
        with pytest.raises(CommitUnknown):
            await shop.services.submissions.submit(request, plus_one(ids))
    again = await shop.services.submissions.submit(request, plus_one(ids))
    await work_off(shop)

    assert again.replayed
    assert set(shop.stocks().values()) == {11}
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_batch_that_is_cancelled_while_it_is_ended_is_cancelled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await shop.put(10)
    batch_id = await submit(shop, plus_one(ids))
    states = shop.services.control.states
    await shop.assembly.worker._chunks.run_next("worker")
    as_read = await shop.services.batches.stored(batch_id)
    assert as_read is not None
    assert await states.request_cancel(batch_id)

    ended = await states.end(as_read, BatchState.COMPLETED, shop.clock())

    assert not ended
    cancelled = await shop.services.control.cancel(batch_id)
    assert (cancelled.state, cancelled.success_count) == (BatchState.CANCELLED, 1)
    assert_exact(shop, dict.fromkeys(ids, 10))


async def test_a_chunk_with_a_failure_in_it_goes_no_further_when_it_is_taken_up_again(
    shop: Shop,
) -> None:
    """The batch has `atomic` and `continueOnError` false."""
    ids = await shop.put(*[10] * 4)
    ends = BatchOptions(atomic=False, continue_on_error=False)
    inputs = [{"productId": one, "data": {"price": 5}} for one in [*ids[:1], "x", *ids[1:]]]
    key = BatchRequest(work=UPDATE_PRODUCTS.work(), options=ends, key="k")
    first = await shop.services.keyed.run(key, inputs)
    _as_if_interrupted_behind_the_failure(shop)
    shop.products.update_many({}, {"$set": {"price": 100}})

    await work_off(shop)
    again = await shop.services.keyed.run(key, inputs)

    assert _codes(again.outcomes) == _codes(first.outcomes)
    assert _codes(again.outcomes)[2:] == ["NOT_ATTEMPTED"] * 3
    assert {one["price"] for one in shop.products.find()} == {100}


def _as_if_interrupted_behind_the_failure(shop: Shop) -> None:
    """Undo the outcomes behind the failure, as if they had not been recorded yet."""
    chunks(shop).update_one(
        {},
        [
            {
                "$set": {
                    "status": "pending",
                    "outcomes": {"$slice": ["$outcomes", 2]},
                    "failureCount": 1,
                }
            }
        ],
    )
    shop.admin[shop.database]["batchOperations"].update_one(
        {}, {"$set": {"status": "processing"}, "$unset": {"completedAt": ""}}
    )


def _codes(outcomes: Sequence[Any]) -> list[str | None]:
    return [one.error.code.value if isinstance(one, Failed) else None for one in outcomes]
