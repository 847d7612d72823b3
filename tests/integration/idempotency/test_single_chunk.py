"""Run a keyed request of one chunk: its batch commits with its effects, and is the same as ever."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from bson import ObjectId

from server.batches.stored import completion
from server.batches.stored.keyed import KeyedBatches
from tests.support.batches.idempotent_calls import (
    assert_done_once,
    batches,
    chunks,
    told,
    update_stock,
    updates,
)
from tests.support.models.option_cases import NOW, OPENING, name_of
from tests.support.models.option_store import fill, stored
from tests.support.shop import Shop
from tests.support.slow_commits import committing, slow_commits
from tests.support.web.whole_answers import Json, data_of, everything, is_replay, send

ONE_TRANSACTION = ["find", "insert", "insert", "update", "insert", "commitTransaction"]
PLAIN = [name_of("plain", index) for index in range(4)]
CASES: dict[str, tuple[str, Sequence[Any], Json]] = {
    "all succeed": ("stock", updates(PLAIN), {}),
    "most fail": ("stock", updates([PLAIN[0], "x", "\ud800", "f" * 24], 2.5), {}),
    "a part fails": ("stock", updates([*PLAIN, "x"]), {"batchSize": 7}),
    "rolled back": ("stock", updates([*PLAIN, "x"]), {"atomic": True}),
    "ended at a failure": (
        "update",
        [{"productId": one, "data": {"price": 5}} for one in [PLAIN[0], "x", PLAIN[1]]],
        {"atomic": False, "continueOnError": False},
    ),
    "discontinued": ("discontinue", PLAIN, {}),
    "created": (
        "create",
        [{"id": PLAIN[0] if taken else name_of("free", 1), "name": "\0", "price": 1, "stock": 2,
          "category": "c"} for taken in (True, False)],
        {"continueOnError": True, "expireIn": 60_000.0},
    ),
    "deleted": ("delete", [{"productId": one} for one in PLAIN], {"cascadeDelete": True}),
    "not begun": (
        "update",
        [{"productId": PLAIN[0], "data": {"price": 5}}, {"productId": PLAIN[1], "data": {}}],
        {"atomic": False, "continueOnError": False, "validateBeforeWrite": True},
    ),
    "a dry run": ("stock", updates(PLAIN), {"dryRun": True}),
    "nothing": ("stock", [], {}),
}  # fmt: skip


async def test_a_request_of_one_item_takes_six_commands(shop: Shop) -> None:
    ids = await shop.put(10)
    shop.commands.names.clear()

    answer = await update_stock(shop, ids)

    assert shop.commands.names == ONE_TRANSACTION
    assert (data_of(answer), is_replay(answer)) == (told(ids), False)
    assert_done_once(shop, ids)


async def test_the_same_request_again_reads_the_outcomes_and_runs_nothing(shop: Shop) -> None:
    ids = await shop.put(10)
    await update_stock(shop, ids)
    shop.commands.names.clear()

    answer = await update_stock(shop, ids)

    # It meets the key, looks whose it is, and reads the batch and its outcomes.
    reads = ["find", "find", "find"]
    assert shop.commands.names == ["find", "insert", "abortTransaction", *reads]
    assert (data_of(answer), is_replay(answer)) == (told(ids), True)


async def test_the_batch_is_the_evidence_of_a_kind_that_leaves_no_rows(shop: Shop) -> None:
    ids = await shop.put(10)
    items = [{"productId": ids[0], "data": {"price": 5}}]
    async with shop.http() as client:
        shop.commands.names.clear()
        await send(client, "update", items, {}, "key")

    assert shop.commands.names == ["find", "insert", "insert", "update", "commitTransaction"]
    assert shop.marks.count_documents({}) == 0


async def test_a_request_of_two_chunks_is_stored_before_it_runs(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    seen: list[str] = []

    def look(command: str) -> None:
        if command == "commitTransaction" and not seen:
            seen.extend(chunk["status"] for chunk in chunks(shop))

    shop.commands.on_end = look
    await update_stock(shop, ids)

    assert seen == ["pending", "pending"]
    assert_done_once(shop, ids)


@pytest.mark.parametrize("case", CASES)
async def test_what_is_left_is_the_same_as_of_a_batch_that_is_stored_first(
    shop: Shop, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.clock.stand_at(NOW)
    operation, items, options = CASES[case]
    fill(shop, stored(shop), OPENING)
    async with shop.http() as client:
        at_once = await send(client, operation, items, options, "key")
        left = comparable(everything(shop))
        fill(shop, stored(shop), OPENING)
        for name in ("batchOperations", "batchChunks"):
            shop.admin[shop.database][name].delete_many({})
        monkeypatch.setattr(KeyedBatches, "_at_once", has_to_be_stored)
        stored_first = await send(client, operation, items, options, "key")

    assert comparable(everything(shop)) == left
    assert [batch["status"] for batch in left["batchOperations"]] == ["completed"]
    assert data_of(at_once) == data_of(stored_first)


async def has_to_be_stored(*_: object) -> None:
    """Stand for the attempt to run a batch at once, which finds that it has to be stored first."""


def comparable(found: Json) -> Json:
    """Return the documents with one name for the batch, and without ids and receipts of their own.

    Receipts and `commitMarks` settle commits in doubt: a batch that is inserted with its effects is
    their evidence itself.
    """
    (batch_id,) = [batch["_id"] for batch in found["batchOperations"]]
    del found["commitMarks"]
    for row in found["stockUpdates"]:
        del row["_id"]
    for chunk in found["batchChunks"]:
        chunk.pop("receipt", None)
        assert chunk.pop("doneAt")  # by the clock of the database, or of the server
    named: Json = _with_name(found, batch_id)
    return named


def _with_name(value: Any, batch_id: ObjectId) -> Any:
    if isinstance(value, dict):
        return {name: _with_name(inner, batch_id) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_name(inner, batch_id) for inner in value]
    return "the batch" if value == batch_id else value


async def test_an_old_batch_frees_its_key_without_a_look_at_it_for_every_new_key(
    shop: Shop,
) -> None:
    (one,) = await shop.put(10)
    await update_stock(shop, [one])
    batch_id = batches(shop)[0]["_id"]
    shop.admin[shop.database]["batchOperations"].update_one(
        {"_id": batch_id}, {"$set": {"createdAt": NOW}}
    )
    shop.commands.names.clear()

    fresh = await update_stock(shop, [one])

    assert (data_of(fresh), is_replay(fresh)) == (told([one], 20), False)
    look = ["find", "insert", "abortTransaction", "find", "update"]
    assert shop.commands.names == [*look, *ONE_TRANSACTION]


async def test_the_metrics_and_the_log_tell_of_it_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    await update_stock(shop, ["f" * 24])
    await shop.assembly.housekeeping.run_once()

    told_of_it = [one.message for one in caplog.records if one.name == completion.__name__]
    assert told_of_it == [
        "Batch COMPLETED: 0 succeeded, 1 failed",
        "HIGH_FAILURE_RATE: 100% of the items failed: 1 of 1.",
    ]
    assert batches(shop)[0]["alerts"] == ["HIGH_FAILURE_RATE"]
    exposition = shop.metrics.exposition().decode()
    assert 'stockbatch_items_total{code="PRODUCT_NOT_FOUND",operation="batchUpdateStock"} 1.0' in (
        exposition
    )
    assert 'stockbatch_chunk_seconds_count{operation="batchUpdateStock"} 1.0' in exposition


async def test_requests_for_one_product_take_turns(shop: Shop) -> None:
    ids = await shop.put(10)

    await asyncio.gather(*(update_stock(shop, ids, f"key {number}") for number in range(20)))

    assert shop.stocks() == {ids[0]: 110}
    assert shop.retries("conflict") == 0


async def test_a_chunk_that_has_begun_ends_although_its_caller_hangs_up(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ids = await shop.put(10)
    with slow_commits(shop):
        request = await committing(shop, update_stock(shop, ids))
        request.cancel()
        await asyncio.wait([request])
        assert batches(shop) == []
        await shop.engine.drain()

    assert "Batch COMPLETED: 1 succeeded, 0 failed" in caplog.messages
    assert_done_once(shop, ids)
    again = await update_stock(shop, ids)
    assert (data_of(again), is_replay(again)) == (told(ids), True)
    assert_done_once(shop, ids)
