"""When a chunk may run: it has its turn in the queues of its products, and a slot is free."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.observer import Observer
from server.batches.engine.sharing.turns import Turn, Turns
from server.domain.outcome import Failed, Outcome
from server.domain.tracing import UNTRACED, Tracer
from server.kinds.kind import Item

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)
Run = Callable[[Sequence[ItemT]], Awaitable[Sequence[OutcomeT | Failed]]]


class Admission:
    """Lets the chunks of a process run, so many at a time, and reports what they did."""

    def __init__(
        self, concurrent_chunks: int, observer: Observer, tracer: Tracer = UNTRACED
    ) -> None:
        self.turns = Turns()
        self._slots = asyncio.Semaphore(concurrent_chunks)
        self._observer = observer
        self._tracer = tracer

    def join(self, items: Sequence[Item]) -> Turn:
        """Return the chunk's place in the queues of its products; it must be entered or left."""
        return self.turns.join({item.key for item in items if item.key})

    @asynccontextmanager
    async def of(self, turn: Turn) -> AsyncIterator[None]:
        """Wait until no earlier chunk of this process has these products, and a slot is free."""
        async with turn, self._slots:
            yield

    async def taken(self, turn: Turn) -> AsyncExitStack:
        """Return the chunk's admission when it has it; from then on the chunk itself ends it."""
        async with AsyncExitStack() as waiting:
            await waiting.enter_async_context(self.of(turn))
            return waiting.pop_all()

    async def run(
        self,
        runner: ChunkRunner[ItemT, OutcomeT],
        items: Sequence[ItemT],
        admitted: AbstractAsyncContextManager[object],
        run: Run[ItemT, OutcomeT] | None = None,
    ) -> Sequence[OutcomeT | Failed]:
        """Run the chunk while it is admitted, and report its outcomes and its time.

        `run` takes the place of `runner.run`.
        """
        async with admitted:
            mutation, started = runner.work.kind.mutation, time.perf_counter()
            with self._tracer.chunk(mutation, len(items)):
                outcomes = await (run or runner.run)(items)
            self._observer.chunk_done(mutation, time.perf_counter() - started)
            self._observer.items_answered(mutation, outcomes)
            return outcomes
