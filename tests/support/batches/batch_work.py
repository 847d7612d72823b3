"""Submit, claim, run and look at stored batches."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from server.batches.request import BatchRequest
from server.batches.stored.claimed_chunks import ClaimedChunks
from server.batches.stored.crashes import TOGETHER
from server.domain.batch_progress import BatchProgress
from server.domain.item_result import Input, ItemResult
from server.domain.options import BatchOptions
from server.domain.outcome import Failed
from server.domain.stored_batch import ClaimedChunk
from server.kinds.kind import BatchWork
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.batches.queue import ChunkQueue
from server.mongo.connection.driver import Session
from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.shop import Shop
from tests.support.waiting import WITHIN_SECONDS


async def submit(
    shop: Shop,
    inputs: Sequence[Input],
    operation: BatchWork | None = None,
    *,
    key: str | None = None,
    **options: Any,
) -> str:
    """Submit a batch, of stock updates by default, and return its id; it waits to be run."""
    request = BatchRequest(
        work=operation or UPDATE_STOCK.work(), options=BatchOptions(**options), key=key
    )
    return (await shop.services.submissions.submit(request, inputs)).batch.id


def plus_one(ids: Sequence[str]) -> list[Input]:
    return [{"productId": one, "quantity": 1} for one in ids]


async def work_off(shop: Shop) -> int:
    """Run chunks until there is none to claim; return how many were run."""
    count = 0
    while await shop.assembly.worker.run_once():
        count += 1
    return count


async def batch(shop: Shop, batch_id: str) -> BatchProgress:
    found = await shop.services.batches.by_id(batch_id)
    assert found is not None
    return found


async def results(shop: Shop, batch_id: str) -> list[ItemResult]:
    return [one async for one in shop.services.results.stream(batch_id)]


async def codes(shop: Shop, batch_id: str) -> list[str]:
    """Return "OK" or the code of the first error, for each item."""
    return [
        one.outcome.error.code.value if isinstance(one.outcome, Failed) else "OK"
        for one in await results(shop, batch_id)
    ]


def leased(shop: Shop) -> ClaimedChunks:
    """Return what the worker of this shop runs its chunks with."""
    return shop.assembly.worker._chunks


def queue(shop: Shop) -> ChunkQueue:
    return leased(shop).queue


@asynccontextmanager
async def claimed(shop: Shop, worker: str = "A") -> AsyncIterator[tuple[ClaimedChunk, Session]]:
    """Claim a chunk; give it, and the session of its transactions."""
    async with shop.runner.session() as session:
        chunk = await queue(shop).claim(worker, session)
        assert chunk is not None
        yield chunk, session


async def crash(shop: Shop) -> ClaimedChunk:
    """Claim a chunk and die: nothing of it is run, and its lease runs out."""
    async with claimed(shop) as (chunk, _):
        pass
    lapse(shop)
    return chunk


def suspected(*, first: int, last: int, deaths: int = TOGETHER) -> dict[str, Any]:
    """Return the fields of a chunk whose workers have died so often in a transaction of it."""
    death = {"first": first, "last": last, "at": datetime.now(UTC), "worker": "dead"}
    return {"crashes": deaths + 1, "deaths": [death] * deaths}


def lapse(shop: Shop, **where: Any) -> int:
    """Let the leases of the claimed chunks run out; return how many there were."""
    now = database_time(shop)
    result = chunks(shop).update_many(
        {"lease": {"$exists": True}, **where}, {"$set": {"lease.expiresAt": now}}
    )
    count: int = result.modified_count
    return count


def database_time(shop: Shop) -> datetime:
    """Return what `$$NOW` is."""
    now: datetime = shop.admin.admin.command("hello")["localTime"]
    return now.replace(tzinfo=UTC)


def chunks(shop: Shop) -> Any:
    return shop.admin[shop.database]["batchChunks"]


def batches(shop: Shop) -> Any:
    return shop.admin[shop.database]["batchOperations"]


def chunk(shop: Shop, batch_id: str, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = chunks(shop).find_one({"batchId": ObjectId(batch_id), "index": index})
    return found


def set_chunk(shop: Shop, batch_id: str, fields: Mapping[str, Any], index: int = 0) -> None:
    where = {"batchId": ObjectId(batch_id), "index": index}
    assert chunks(shop).update_one(where, {"$set": fields}).matched_count == 1


@asynccontextmanager
async def working(*shops: Shop) -> AsyncIterator[None]:
    """Let the workers of these shops run until the end of the block."""
    running = [asyncio.create_task(one.assembly.worker.run()) for one in shops]
    try:
        yield
    finally:
        for one in shops:
            one.assembly.worker.stop()
        await asyncio.gather(*running)


async def ended(shop: Shop, batch_id: str, seconds: float = WITHIN_SECONDS) -> BatchProgress:
    """Wait until the batch has ended, and return it."""
    async with asyncio.timeout(seconds):
        while not (found := await batch(shop, batch_id)).state.is_final:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


def assert_exact(shop: Shop, opening: Mapping[str, int] | None = None, **options: Any) -> None:
    assert_batches_are_exact(shop.admin[shop.database], opening, **options)


def stored_counts(shop: Shop) -> tuple[int, int, int]:
    """Return how many batches, chunks and rows there are."""
    return (
        batches(shop).count_documents({}),
        chunks(shop).count_documents({}),
        len(shop.rows()),
    )
