"""Change a batch's state in the database: every pair of states, and every flow that does it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from pymongo.monitoring import CommandStartedEvent

from server.batches.request import BatchRequest
from server.domain.batch_state import INITIAL, TRANSITIONS, BatchState
from server.domain.options import BatchOptions
from server.domain.stored_batch import StoredBatch
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.batches.documents import from_batch
from server.mongo.batches.states import StateChanges
from server.mongo.connection.document import new_id
from server.mongo.transaction import Transaction
from tests.support.batches.batch_work import batches, plus_one, submit, work_off
from tests.support.command_log import CommandLog
from tests.support.shop import Shop

STORED = StoredBatch(
    id="a" * 24,
    kind="updateStock",
    settings={},
    options=BatchOptions(),
    lanes=1,
    chunks=0,
    total_items=0,
    created_by="anonymous",
    created_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
    was_submitted=True,
)


def put(shop: Shop, state: BatchState) -> str:
    """Insert a batch in that state, past the guard; return its id."""
    batch = replace(STORED, id=new_id())
    batches(shop).insert_one(from_batch(batch, state))
    return batch.id


def document(shop: Shop, batch_id: str) -> dict[str, Any]:
    found: dict[str, Any] = batches(shop).find_one({"_id": ObjectId(batch_id)})
    return found


@pytest.mark.parametrize("in_a_transaction", [False, True])
async def test_only_the_changes_of_the_table_are_made(
    shop: Shop, *, in_a_transaction: bool
) -> None:
    for earlier, later in product(BatchState, repeat=2):
        batch_id = put(shop, earlier)
        before = document(shop, batch_id)

        if in_a_transaction:

            async def body(
                transaction: Transaction, batch_id: str = batch_id, later: BatchState = later
            ) -> bool:
                changes = transaction.stored_batches._states
                return await changes.change(batch_id, later, {"error": "set"}, removed=["content"])

            changed = await shop.runner.run(body)
        else:
            changes = StateChanges(shop.driver.client[shop.database])
            changed = await changes.change(batch_id, later, {"error": "set"}, removed=["content"])

        is_allowed = later in TRANSITIONS[earlier]
        after = before | {"status": later.value, "error": "set"} if is_allowed else before
        assert (changed, document(shop, batch_id)) == (is_allowed, after)


async def test_a_change_whose_condition_does_not_hold_is_not_made(shop: Shop) -> None:
    batch_id = put(shop, BatchState.PENDING)
    before = document(shop, batch_id)
    changes = StateChanges(shop.driver.client[shop.database])

    changed = await changes.change(
        batch_id, BatchState.PROCESSING, condition={"cancelRequested": True}
    )

    assert (changed, document(shop, batch_id)) == (False, before)


@pytest.mark.parametrize("state", BatchState)
async def test_a_batch_begins_in_an_initial_state_alone(shop: Shop, state: BatchState) -> None:
    changes = StateChanges(shop.driver.client[shop.database])

    if state in INITIAL:
        await changes.insert(STORED, state)
        assert document(shop, STORED.id)["status"] == state.value
    else:
        with pytest.raises(ValueError, match=state.name):
            await changes.insert(STORED, state)
        assert document(shop, STORED.id) is None


async def test_no_other_code_writes_a_state(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all the flows of a batch, a command that writes a state is one that the guard sent."""
    guarded: list[str] = []
    written: list[str] = []
    started, insert, change = CommandLog.started, StateChanges.insert, StateChanges.change
    insert_completed = StateChanges.insert_completed
    changed = StateChanges.changed

    def watched_command(log: CommandLog, event: CommandStartedEvent) -> None:
        if event.database_name == shop.database:
            written.extend(_states_written(event.command))
        started(log, event)

    async def watched_insert(self: StateChanges, batch: StoredBatch, state: BatchState) -> None:
        guarded.append(state.value)
        await insert(self, batch, state)

    async def watched_insert_completed(
        self: StateChanges, batch: StoredBatch, fields: dict[str, Any]
    ) -> None:
        guarded.append(BatchState.COMPLETED.value)
        await insert_completed(self, batch, fields)

    async def watched_change(
        self: StateChanges, batch_id: str, state: BatchState, *arguments: Any, **options: Any
    ) -> bool:
        guarded.append(state.value)
        return await change(self, batch_id, state, *arguments, **options)

    async def watched_changed(
        self: StateChanges, batch_id: str, state: BatchState, *arguments: Any, **options: Any
    ) -> dict[str, Any] | None:
        guarded.append(state.value)
        return await changed(self, batch_id, state, *arguments, **options)

    monkeypatch.setattr(CommandLog, "started", watched_command)
    monkeypatch.setattr(StateChanges, "changed", watched_changed)
    monkeypatch.setattr(StateChanges, "insert", watched_insert)
    monkeypatch.setattr(StateChanges, "insert_completed", watched_insert_completed)
    monkeypatch.setattr(StateChanges, "change", watched_change)

    await _all_flows(shop)

    assert written == guarded
    assert set(guarded) == {state.value for state in BatchState}


async def _all_flows(shop: Shop) -> None:
    """Take batches through every state: whole, in pieces, keyed, cancelled, failed, abandoned."""
    ids = await shop.put(*[10] * 20)
    await submit(shop, plus_one(ids))
    await submit(shop, plus_one(ids), batch_size=1)  # in 20 chunks, so it is stored in pieces
    await work_off(shop)
    keyed = BatchRequest(work=UPDATE_STOCK.work(), options=BatchOptions(), key="once")
    await shop.services.keyed.run(keyed, plus_one(ids))
    in_two_chunks = replace(keyed, key="twice", options=BatchOptions(batch_size=10))
    await shop.services.keyed.run(in_two_chunks, plus_one(ids))
    await shop.services.control.cancel(await submit(shop, plus_one(ids)))
    await shop.services.control.states.note_failure(await submit(shop, plus_one(ids)), "down")
    await work_off(shop)
    for expires in (-1, 60):
        silent = put(shop, BatchState.SUBMITTING)
        until = datetime.now(UTC) + timedelta(seconds=expires)
        batches(shop).update_one({"_id": ObjectId(silent)}, {"$set": {"submittedUntil": until}})
    removal = shop.assembly.housekeeping.removal
    assert len(await removal.abandon()) == 1
    assert await removal.discard(silent)


def _states_written(command: dict[str, Any]) -> list[str]:
    """Return the states that a command writes into `batchOperations`."""
    if "batchOperations" not in (
        command.get("insert"),
        command.get("update"),
        command.get("findAndModify"),
    ):
        return []
    states = [document["status"] for document in command.get("documents", [])]
    updates = [entry["u"] for entry in command.get("updates", [])]
    if "findAndModify" in command:
        updates.append(command["update"])
    for update in updates:
        for stage in update if isinstance(update, list) else [update]:
            states += [stage["$set"]["status"]] if "status" in stage.get("$set", {}) else []
    return states
