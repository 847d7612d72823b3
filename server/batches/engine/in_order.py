"""The chunks of a batch that ends at its first failure.

Each is decided and written while the one before it is still running, and commits after it. So the
chunks overlap, and yet nothing after the first failure takes effect. Measured for 10 000 creations:
see docs/performance.md.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from typing_extensions import override

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.transactions import ChunkBody, ChunkTransactions
from server.domain.errors import NotReached
from server.domain.outcome import Failed, Outcome
from server.kinds.kind import Item
from server.mongo.transaction import Transaction

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class _GivesWay(Exception):
    """The transaction of a chunk is undone, because a chunk before it has met a write conflict."""


class Place:
    """The place of one chunk in the order of its batch.

    A chunk begins when the one before it has begun: so it never holds a slot that the other waits
    for. It may commit when the one before it has ended without a failure.
    """

    def __init__(self, before: "Place | None") -> None:
        loop = asyncio.get_running_loop()
        self._before = before
        self._begun: asyncio.Future[None] = loop.create_future()
        self._passed: asyncio.Future[bool] = loop.create_future()
        self._hindered: asyncio.Future[None] = loop.create_future()

    async def may_begin(self) -> bool:
        """Wait until the chunk before this one has begun, and return False if one has failed."""
        before = self._before
        if before is None:
            return True
        either: set[asyncio.Future[Any]] = {before._begun, before._passed}  # noqa: SLF001
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return not before.has_failed

    @property
    def has_begun(self) -> bool:
        """Return whether the chunk has begun."""
        return self._begun.done()

    @property
    def has_failed(self) -> bool:
        """Return whether this chunk or one before it is known to have failed."""
        return self._passed.done() and not self._passed.result()

    def begin(self) -> None:
        """Let the next chunk begin."""
        self._begun.set_result(None)

    async def require(self) -> None:
        """Wait until the chunk before this one has ended.

        Raises:
            NotReached: it has a failure, so the batch has ended.
        """
        if self._before is not None and not await asyncio.shield(self._before._passed):  # noqa: SLF001
            raise NotReached("a chunk before this one has a failure")

    async def require_unhindered(self) -> None:
        """Wait until the chunk before this one has ended or is hindered.

        Raises:
            NotReached: it has a failure, so the batch has ended.
            _GivesWay: it is hindered, so this one may not go on holding the products that it wrote.
        """
        before = self._before
        if before is not None:
            either: set[asyncio.Future[Any]] = {before._passed, before._hindered}  # noqa: SLF001
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not before._passed.done():  # noqa: SLF001
                raise _GivesWay
        await self.require()

    def hinder(self) -> None:
        """Let the chunks after this one give way: it has met a write conflict, and begins again.

        Otherwise two batches, in two processes, could wait for each other until their time is up:
        each for a product that a later chunk of the other has written.
        """
        if not self._hindered.done():
            self._hindered.set_result(None)

    def end(self, *, has_failed: bool) -> None:
        """Let the next chunk commit, or end the batch. Only the first call counts."""
        if not self._passed.done():
            self._passed.set_result(not has_failed)


def in_order(runner: ChunkRunner[ItemT, OutcomeT], place: Place) -> ChunkRunner[ItemT, OutcomeT]:
    """Return a runner of the chunk at `place`, which raises NotReached if the batch ends before."""
    return _OrderedRunner(
        runner.work,
        runner.options,
        _OrderedTransactions(runner.transactions, place),
        runner.clock,
        place=place,
    )


@dataclass(frozen=True, slots=True)
class _OrderedRunner(ChunkRunner[ItemT, OutcomeT]):
    place: Place = field(kw_only=True)

    @override
    async def run(self, items: Sequence[ItemT], *, tries: int = 2) -> Sequence[OutcomeT | Failed]:
        """Run the chunk. Its failures do not count either if the batch has ended before it."""
        outcomes = await ChunkRunner.run(self, items, tries=tries)
        await self.place.require()
        return outcomes


class _OrderedTransactions:
    """Runs the transactions of one chunk, none of which commits before its place is reached."""

    can_give_back = False

    def __init__(self, transactions: ChunkTransactions, place: Place) -> None:
        self._transactions = transactions
        self._place = place

    async def run(self, body: ChunkBody[OutcomeT], *, commit: bool = True) -> Sequence[OutcomeT]:
        """Return what `body` decided, once it has committed.

        Raises:
            NotReached: the batch has ended at an earlier failure; nothing was written.
        """

        is_first_run = True

        async def in_order(transaction: Transaction) -> Sequence[OutcomeT]:
            nonlocal is_first_run
            if not is_first_run:
                self._place.hinder()
            is_first_run = False
            outcomes = await body(transaction)
            with transaction.waiting_for_another():
                await self._place.require_unhindered()
            return outcomes

        try:
            return await self._transactions.run(in_order, commit=commit)
        except _GivesWay:
            self._place.hinder()
            await self._place.require()  # now nothing holds it up any more
            return await self._transactions.run(body, commit=commit)
