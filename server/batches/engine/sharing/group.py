"""A group: requests that share one transaction, or run alone if that fails."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.in_flight import InFlight
from server.batches.engine.observer import Observer
from server.batches.engine.sharing.turns import Turn
from server.batches.engine.transactions import ChunkTransactions
from server.domain.errors import CommitUnknown, DatabaseUnavailable, WriteConflict
from server.domain.request_id import context_of, current_request_id, joined, set_request_id
from server.domain.tracing import UNTRACED, Origin, Tracer
from server.kinds.kind import Item
from server.mongo.connection.patience import Patience, current_patience, patient, with_patience

log = logging.getLogger(__name__)

Outcomes = Sequence[Any]  # a group is of one kind, whatever that is


class RunAlone(Protocol):
    """Runs a request as a chunk of its own when its turn comes, and ends the turn."""

    async def __call__(
        self, runner: ChunkRunner[Any, Any], items: Sequence[Item], turn: Turn, tries: int
    ) -> Outcomes: ...


@dataclass(slots=True, eq=False)
class Member:
    """A request, its turn in the queues of its products, and what its caller waits for."""

    runner: ChunkRunner[Any, Any]
    items: Sequence[Item]
    turn: Turn
    outcomes: asyncio.Future[Outcomes]
    origin: Origin | None = None  # its place in a trace
    request_id: str | None = field(default_factory=current_request_id)
    patience: Patience | None = field(default_factory=current_patience)

    async def answer(self, run: Awaitable[Outcomes]) -> None:
        """Give the caller the outcomes that `run` returns, or its error. It may have left."""
        try:
            outcomes = await run
        except Exception as error:  # noqa: BLE001 - the caller gets it
            if not self.outcomes.done():
                self.outcomes.set_exception(error)
        except BaseException:
            self.outcomes.cancel()
            raise
        else:
            self.take(outcomes)

    def take(self, outcomes: Outcomes) -> None:
        """Give the caller its outcomes, unless it has left."""
        if not self.outcomes.done():
            self.outcomes.set_result(outcomes)


class Groups:
    """Runs groups. Each request is answered as if it had run alone, and its turn is ended.

    If the shared transaction fails, each request runs alone, so none suffers from another's fault.
    An outage is nobody's fault: it fails them all.
    """

    def __init__(
        self,
        transactions: ChunkTransactions,
        run_alone: RunAlone,
        in_flight: InFlight,
        observer: Observer,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """Take the `transactions` in which several requests run; they must give way early."""
        self._transactions = transactions
        self._run_alone = run_alone
        self._in_flight = in_flight
        self._observer = observer
        self.tracer = tracer

    async def run(self, members: Sequence[Member]) -> None:
        """Run the members together, in order. Those that must run alone may go on after this."""
        set_request_id(joined(member.request_id for member in members))
        self.tracer.resume(members[0].origin)
        started = time.perf_counter()
        try:
            with patient(_shortest(members)):
                outcomes = await self._run_together(members)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault of few members
            self._begin_alone(members, error)
            return
        except BaseException:
            for member in members:
                member.outcomes.cancel()
                member.turn.end()
            raise
        self._answer(members, outcomes)
        mutation = members[0].runner.work.kind.mutation
        self._observer.chunk_done(mutation, time.perf_counter() - started)
        self._observer.items_answered(mutation, outcomes)

    async def _run_together(self, members: Sequence[Member]) -> Outcomes:
        runner = replace(members[0].runner, transactions=self._transactions)
        items = [item for member in members for item in member.items]
        others = [member.origin for member in members[1:]]
        with self.tracer.chunk(runner.work.kind.mutation, len(items), others):
            try:
                return await runner.transact(items)
            except (CommitUnknown, DatabaseUnavailable) as error:  # perhaps the items took effect
                return await runner.give_up(items, error)

    def _begin_alone(self, members: Sequence[Member], error: Exception) -> None:
        """Run each member alone. One that was alone in its group has had the first of two tries."""
        log.info("The transaction of %s requests failed: %s", len(members), error)
        tries = 1 if len(members) == 1 and not isinstance(error, WriteConflict) else 2
        for member in members:
            alone = self._run_alone(member.runner, member.items, member.turn, tries)
            context = with_patience(member.patience, context_of(member.request_id))
            context.run(self.tracer.resume, member.origin)
            self._in_flight.begin(member.answer(alone), context=context)

    def _answer(self, members: Sequence[Member], outcomes: Outcomes) -> None:
        start = 0
        for member in members:
            end = start + len(member.items)
            member.take(outcomes[start:end])
            member.turn.end()
            start = end


def _shortest(members: Sequence[Member]) -> Patience | None:
    """Return the patience of the member that waits for the shortest time."""
    return min((one.patience for one in members if one.patience is not None), default=None)
