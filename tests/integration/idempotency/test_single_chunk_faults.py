"""Fail a keyed request of one chunk, or race it: it is done once, by whoever gets the key."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from server.assembly import Sizes
from server.domain.batch_state import BatchState
from server.domain.options import BatchOptions
from server.domain.stored_batch import StoredBatch
from server.kinds.update_stock.effects import UpdateStock
from server.mongo.batches.documents import from_batch
from server.mongo.connection.document import new_id
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.batches.chunk_faults import LOST
from tests.support.batches.idempotent_calls import (
    assert_done_once,
    batches,
    chunks,
    held,
    told,
    update_stock,
)
from tests.support.shop import Shop, open_shop
from tests.support.slow_commits import committing
from tests.support.waiting import until
from tests.support.web.whole_answers import (
    code_of,
    data_of,
    everything,
    is_replay,
    send,
)

FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    "NoSuchTransaction": (1, {"errorCode": 251}),
    "WriteConflict": (3, {"errorCode": 112}),
    "connection closed": (1, {"closeConnection": True}),
    "InterruptedAtShutdown": (1, {"errorCode": 11600}),
}


@asynccontextmanager
async def two_servers(
    mongod: EmbeddedMongod, driver_name: DriverName, patience_seconds: float
) -> AsyncIterator[tuple[Shop, Shop]]:
    """Open two servers on one database, as two processes would be."""
    sizes = Sizes(key_patience_seconds=patience_seconds)
    async with (
        open_shop(mongod.uri, driver_name, sizes=sizes) as one,
        open_shop(mongod.uri, driver_name, sizes=sizes, database=one.database) as other,
    ):
        yield one, other


@contextmanager
def key_about_to_be_taken(shop: Shop) -> Iterator[None]:
    """Hold the key in an open transaction, as a process that was killed leaves it for a minute."""
    batch = StoredBatch(
        id=new_id(),
        kind="updateStock",
        settings={},
        options=BatchOptions(),
        lanes=1,
        chunks=1,
        total_items=1,
        created_by="anonymous",
        created_at=datetime.now(UTC),
        was_submitted=False,
        key="key",
        content="another",
    )
    with shop.admin.start_session() as session, session.start_transaction():
        document = from_batch(batch, BatchState.COMPLETED)
        shop.admin[shop.database]["batchOperations"].insert_one(document, session=session)
        yield
        session.abort_transaction()


@pytest.mark.parametrize("command", ["find", "insert", "update"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_a_command_is_survived(shop: Shop, command: str, fault: str) -> None:
    ids = await shop.put(10)
    times, data = FAULTS[fault]
    with shop.failing(command, mode={"times": times}, **data):
        answer = await update_stock(shop, ids)

    assert (data_of(answer), is_replay(answer)) == (told(ids), False)
    assert_done_once(shop, ids)


@pytest.mark.parametrize("has_committed", [True, False])
async def test_a_commit_in_doubt_is_settled_by_the_same_request_sent_again(
    mongod: EmbeddedMongod, driver_name: DriverName, *, has_committed: bool
) -> None:
    """What has not committed is ended, and lets go of the key, once the database answers."""
    short = {"deadline_seconds": 0.3, "settle_seconds": 0.3}
    sizes = Sizes(key_patience_seconds=0.1)
    async with open_shop(mongod.uri, driver_name, sizes=sizes, **short) as shop:
        ids = await shop.put(10)

        def strike(command: str) -> None:
            if command == "commitTransaction":
                shop.commands.on_start = shop.commands.on_end = lambda _name: None
                shop.fail(
                    *("commitTransaction", "find", "findAndModify", "insert"),
                    mode="alwaysOn",
                    closeConnection=True,
                )

        if has_committed:  # its answer alone is lost: whether it committed cannot be read either
            shop.fail("commitTransaction", mode={"times": 1}, **LOST)
            shop.commands.on_end = strike
        else:
            shop.commands.on_start = strike
        answer = await update_stock(shop, ids)
        shop.fail(mode="off")
        assert code_of(answer) == "UNAVAILABLE"
        assert len(batches(shop)) == int(has_committed)
        await shop.runner.settled()

        again = await update_stock(shop, ids)

        assert (data_of(again), is_replay(again)) == (told(ids), has_committed)
        assert_done_once(shop, ids)


@pytest.mark.parametrize("fault", ["its rules", "a unique key"])
async def test_an_item_at_fault_fails_alone_and_the_batch_is_stored_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "a unique key":  # of another collection than that of the idempotency key
        shop.products.create_index("name", unique=True)
        names = ["Cup", "Cup", "Mug"]
        operation, options = "create", {"atomic": False, "continueOnError": True}
        items: list[Any] = [
            {"name": name, "price": 1, "stock": 10, "category": "c"} for name in names
        ]
        expected = ["DUPLICATE_KEY"]
    else:
        ids = await shop.put(10, 10, 10)
        decide = UpdateStock.decide

        async def poisoned(self: UpdateStock, transaction: Any, items: Any, now: datetime) -> Any:
            if any(item.index == 1 for item in items):
                raise ZeroDivisionError
            return await decide(self, transaction, items, now)

        monkeypatch.setattr(UpdateStock, "decide", poisoned)
        operation, options, expected = "stock", {}, ["INTERNAL"]
        items = [{"productId": one, "quantity": 5} for one in ids]
    async with shop.http() as client:
        first = await send(client, operation, items, options, "key")
        left = everything(shop)
        again = await send(client, operation, items, options, "key")

    (batch,) = batches(shop)
    assert (batch["status"], batch["successCount"], batch["failureCount"]) == ("completed", 2, 1)
    (chunk,) = chunks(shop)
    codes = [one["errors"][0]["code"] for one in chunk["outcomes"] if one["kind"] == "failed"]
    assert codes == expected
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert data_of(first) == data_of(again)
    assert everything(shop) == left


async def test_products_that_stay_locked_keep_the_key_free(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_shop(mongod.uri, driver_name, deadline_seconds=0.3) as shop:
        ids = await shop.put(10)
        before = everything(shop)
        with held(shop, *ids):
            answer = await update_stock(shop, ids)

        assert code_of(answer) == "UNAVAILABLE"
        assert everything(shop) == before
        again = await update_stock(shop, ids)
        assert (data_of(again), is_replay(again)) == (told(ids), False)
        assert_done_once(shop, ids)


async def test_whoever_comes_second_in_the_same_process_waits_for_the_first(
    shop: Shop,
) -> None:
    ids = await shop.put(10)
    with held(shop, *ids):
        first = asyncio.create_task(update_stock(shop, ids))
        await until(lambda: shop.retries("conflict") > 0)
        others = [asyncio.create_task(update_stock(shop, ids)) for _ in range(3)]
        found = shop.commands.names.count("insert")
        await until(lambda: shop.commands.names.count("insert") > found + 4)
        assert not any(other.done() for other in others)

    answers = await asyncio.gather(first, *others)
    assert [data_of(answer) for answer in answers] == [told(ids)] * 4
    assert [is_replay(answer) for answer in answers] == [False, True, True, True]
    assert_done_once(shop, ids)


async def test_whoever_comes_second_in_the_same_process_is_refused_in_the_end(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(key_patience_seconds=0.1)
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(10)
        with held(shop, *ids):
            first = asyncio.create_task(update_stock(shop, ids))
            await until(lambda: shop.retries("conflict") > 0)
            assert code_of(await update_stock(shop, ids)) == "IDEMPOTENCY_KEY_IN_USE"
            assert not first.done()
        assert data_of(await first) == told(ids)
        assert_done_once(shop, ids)


async def test_whoever_comes_second_in_another_process_waits_for_the_commit(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with two_servers(mongod, driver_name, 60) as (shop, other):
        ids = await shop.put(10)
        with shop.failing(
            "commitTransaction", mode={"times": 1}, blockConnection=True, blockTimeMS=1_000
        ):
            first = await committing(shop, update_stock(shop, ids))
            second = asyncio.create_task(update_stock(other, ids))
            different = asyncio.create_task(update_stock(other, await shop.put(10)))
            await until(lambda: other.commands.names.count("insert") > 3)
            assert not second.done()

            answers = await asyncio.gather(first, second)

        assert [data_of(answer) for answer in answers] == [told(ids)] * 2
        assert [is_replay(answer) for answer in answers] == [False, True]
        assert code_of(await different) == "IDEMPOTENCY_KEY_REUSED"
        assert len(batches(shop)) == 1
        assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(shop.stocks(), 10))


async def test_a_key_that_a_killed_process_was_about_to_take_is_in_use_and_then_free(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(key_patience_seconds=0.2)
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(10)
        before = everything(shop)
        with key_about_to_be_taken(shop):
            refused = await update_stock(shop, ids)
            assert everything(shop) == before

        assert code_of(refused) == "IDEMPOTENCY_KEY_IN_USE"
        answer = await update_stock(shop, ids)
        assert (data_of(answer), is_replay(answer)) == (told(ids), False)
        assert_done_once(shop, ids)
