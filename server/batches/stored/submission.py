"""One batch on its way into the store."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from server.batches.idempotency.content import Content
from server.batches.stored.layout import LaidChunk, Lanes
from server.domain.batch_progress import BatchProgress, PublicationProgress
from server.domain.batch_state import BatchState
from server.domain.errors import DatabaseUnavailable
from server.domain.item_result import Input
from server.domain.stock_update import LedgerEntry
from server.domain.stored_batch import StoredBatch
from server.kinds.kind import BatchWork
from server.mongo.batches.removal import BatchRemoval
from server.mongo.transaction import Transaction, TransactionRunner

_CHUNKS_AT_ONCE = 16  # in one transaction: with 500 items each and their rows about 0.2 s


class Submission:
    """Cut into chunks as it comes, and stored a few of them at a time.

    A batch that is small is stored in one transaction. Of any other the chunks come first, which
    nobody may run yet, and the last transaction lets it begin: a crash before that leaves nothing
    that runs.
    """

    def __init__(
        self,
        runner: TransactionRunner,
        removal: BatchRemoval,
        work: BatchWork[Any, Any],
        batch: StoredBatch,
        content: Content,
    ) -> None:
        self.work = work
        self.batch = batch
        self.is_staged = False
        self._runner = runner
        self._removal = removal
        self._content = content
        self._lanes = Lanes(work, batch.options.batch_size)
        self._chunks: list[LaidChunk] = []
        self._storing: asyncio.Task[None] | None = None

    @property
    def total_items(self) -> int:
        return self._lanes.total_items

    @property
    def chunks_to_come(self) -> int:
        """How many are about to be stored."""
        return len(self._chunks)

    @property
    def chunks(self) -> int:
        """How many there are, of those that are stored already and those to come."""
        return self._lanes.made

    def end(self) -> None:
        """No more items come: what is left becomes chunks."""
        self._chunks += self._lanes.rest()

    def add(self, block: Sequence[Input]) -> bool:
        """Whether so much has come together that it should be stored."""
        self._chunks += self._lanes.add(block)
        return len(self._chunks) >= _CHUNKS_AT_ONCE

    async def flush(self) -> None:
        """Store what has come together.

        Raises:
            DuplicateKey: another batch has the idempotency key.
        """
        self.batch = replace(self.batch, lanes=self._lanes.count)
        if not self.is_staged:
            await self._runner.run(lambda one: one.stored_batches.begin(self.batch))
            self.is_staged = True
            await self.keep()
        while self._chunks:
            part, self._chunks = self._chunks[:_CHUNKS_AT_ONCE], self._chunks[_CHUNKS_AT_ONCE:]
            await self.settle()
            self._storing = asyncio.create_task(self._stage(part))

    async def settle(self) -> None:
        """Return when nothing is on its way into the store. The next chunks are made meanwhile:
        measured, a quarter of the time for 50 000 items.
        """
        storing, self._storing = self._storing, None
        if storing is not None:
            await storing

    async def keep(self) -> None:
        """Say that this goes on, however slowly the batch comes."""
        if self.is_staged:
            await self._removal.extend(self.batch.id)

    async def finish(self) -> None:
        """Store the rest, and let the batch begin.

        Raises:
            DuplicateKey: another batch has the idempotency key.
        """
        self.batch = replace(
            self.batch,
            lanes=self._lanes.count,
            chunks=self._lanes.chunks,
            total_items=self.total_items,
            content=self._content.digest(),
        )
        if not self.is_staged and len(self._chunks) <= _CHUNKS_AT_ONCE:
            await self._runner.run(self._insert)
            return
        await self.flush()
        await self.settle()
        if not await self._runner.run(lambda one: one.stored_batches.start(self.batch)):
            raise DatabaseUnavailable("the submission took so long that it was given up")

    def as_operation(self) -> BatchProgress:
        """As a caller sees it now."""
        batch = self.batch
        nothing = PublicationProgress(pending=0, published=0, failed=0)
        return BatchProgress(
            id=batch.id,
            kind=batch.kind,
            state=BatchState.PENDING,
            total_items=self.total_items,
            success_count=0,
            failure_count=0,
            created_by=batch.created_by,
            created_at=batch.created_at,
            started_at=None,
            completed_at=None,
            error=None,
            retry_of=batch.retry_of,
            publication=nothing if batch.publishes else None,
        )

    async def _insert(self, transaction: Transaction) -> None:
        chunks = [one.chunk for one in self._chunks]
        await transaction.stored_batches.insert(
            self.batch, chunks, self._rows(self._chunks), objects=self.work.kind.objects
        )

    async def _stage(self, laid: Sequence[LaidChunk]) -> None:
        chunks, rows = [one.chunk for one in laid], self._rows(laid)

        async def body(transaction: Transaction) -> bool:
            goes_on = await transaction.stored_batches.goes_on(self.batch.id)
            if goes_on:
                objects = self.work.kind.objects
                await transaction.stored_batches.add(self.batch, chunks, rows, objects=objects)
            return goes_on

        if not await self._runner.run(body):
            raise DatabaseUnavailable("the submission took so long that it was given up")

    def _rows(self, laid: Sequence[LaidChunk]) -> list[LedgerEntry]:
        return [row for one in laid for row in self.work.pending_rows(one.items)]
