"""Group commit: small requests that arrive while a transaction is in flight share the next one.

Databases do the same with their log. A request that finds no transaction in flight begins at once,
and waits for nobody. What was measured and rejected: docs/decisions/0010-group-commit.md.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.in_flight import InFlight
from server.batches.engine.observer import Observer
from server.batches.engine.transactions import ChunkTransactions
from server.batches.engine.turns import Turn, Turns
from server.domain.errors import CommitUnknown
from server.kinds.kind import Item

log = logging.getLogger(__name__)

_MOST_IN_FLIGHT = 4  # groups of one kind, when those before them take long

Outcomes = Sequence[Any]  # a group is of one kind, whatever that is


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """How much one transaction of several requests may hold, and how long a request waits for it.

    `items` is the most of one group; 0 gives each request transactions of its own. A group begins
    after `seconds`, even if the transaction before it has not ended.
    """

    items: int = 500
    seconds: float = 0.05


@dataclass(slots=True, eq=False)
class _Member:
    items: Sequence[Item]
    outcomes: asyncio.Future[Outcomes]


@dataclass(slots=True, eq=False)
class _Group:
    """Requests that will share a transaction, and their turn in the queues of their products."""

    turn: Turn
    runner: ChunkRunner[Any, Any]
    members: list[_Member] = field(default_factory=list)
    size: int = 0
    timer: asyncio.TimerHandle | None = None

    def add(self, items: Sequence[Item], products: set[str]) -> asyncio.Future[Outcomes]:
        member = _Member(items, asyncio.get_running_loop().create_future())
        self.members.append(member)
        self.size += len(items)
        self.turn.join(products)
        return member.outcomes


@dataclass(slots=True, eq=False)
class _Line:
    """The groups of one kind that wait, in the order of their arrival, and how many are running."""

    waiting: deque[_Group] = field(default_factory=deque)
    running: int = 0


class GroupCommit:
    """Runs requests that are one chunk each, several in one transaction if they arrive together.

    A request is answered as if it had run alone. If the shared transaction fails, each of its
    requests runs alone, so none suffers from another's fault. Requests get their products in the
    order of their arrival. A caller that is cancelled leaves its group, unless that has begun.
    """

    def __init__(
        self,
        transactions: ChunkTransactions,
        turns: Turns,
        in_flight: InFlight,
        observer: Observer,
        limits: GroupLimits,
    ) -> None:
        """Take the `transactions` in which several requests run; they must give up early."""
        self._transactions = transactions
        self._turns = turns
        self._in_flight = in_flight
        self._observer = observer
        self._limits = limits
        self._lines: dict[Hashable, _Line] = {}

    def takes(self, runner: ChunkRunner[Any, Any], items: Sequence[Item]) -> bool:
        """Return whether a request may share a transaction: it is small, and can run in any."""
        options = runner.options
        return (
            0 < len(items) <= min(self._limits.items, options.batch_size)
            and options.goes_on
            and not options.atomic
            and not options.dry_run
        )

    async def run(self, runner: ChunkRunner[Any, Any], items: Sequence[Item]) -> Outcomes:
        """Return the outcome of each item of a request, in order."""
        kind = _kind_of(runner)
        line = self._lines.setdefault(kind, _Line())
        products = {item.key for item in items if item.key}
        group = line.waiting[-1] if line.waiting else None
        if group is None or not self._fits(group, items, products):
            group = _Group(self._turns.open(), runner)
            line.waiting.append(group)
        outcomes = group.add(items, products)
        if not line.running:
            self._begin(kind)
        elif group.timer is None:
            loop = asyncio.get_running_loop()
            group.timer = loop.call_later(self._limits.seconds, self._begin_late, kind, group)
        return await outcomes

    def _fits(self, group: _Group, items: Sequence[Item], products: set[str]) -> bool:
        return group.size + len(items) <= self._limits.items and group.turn.may_join(products)

    def _begin_late(self, kind: Hashable, group: _Group) -> None:
        """Begin the group if it still waits: the transaction before it takes long."""
        line = self._lines[kind]
        if group in line.waiting and line.running < _MOST_IN_FLIGHT:
            self._begin(kind)

    def _begin(self, kind: Hashable) -> None:
        line = self._lines[kind]
        group = line.waiting.popleft()
        if group.timer is not None:
            group.timer.cancel()
        line.running += 1
        self._in_flight.begin(self._run(kind, group))

    async def _run(self, kind: Hashable, group: _Group) -> None:
        """Run the group when its turn comes, then begin the next."""
        line = self._lines[kind]
        try:
            async with group.turn:
                members = [member for member in group.members if not member.outcomes.done()]
                if len(members) > 1:
                    await self._run_together(group.runner, members)
                else:
                    await self._run_each(group.runner, members)
        finally:
            line.running -= 1
            if line.waiting:
                self._begin(kind)
            elif not line.running:
                del self._lines[kind]

    async def _run_together(
        self, runner: ChunkRunner[Any, Any], members: Sequence[_Member]
    ) -> None:
        """Run all members in one transaction, or each alone if that fails."""
        items = [item for member in members for item in member.items]
        started = time.perf_counter()
        try:
            outcomes = await replace(runner, transactions=self._transactions).transact(items)
        except CommitUnknown as error:  # the items must not run again: perhaps they took effect
            for member in members:
                await self._answer(member, runner.give_up(member.items, error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault of few members
            log.info("%s requests that shared a transaction run alone: %s", len(members), error)
            await self._run_each(runner, members)
        else:
            self._observe(runner, started, outcomes)
            start = 0
            for member in members:
                end = start + len(member.items)
                _set(member, outcomes[start:end])
                start = end

    async def _run_each(self, runner: ChunkRunner[Any, Any], members: Sequence[_Member]) -> None:
        """Run each member alone, those that share a product one after another."""
        turns = Turns()

        async def run(member: _Member) -> None:
            async with turns.taken({item.key for item in member.items if item.key}):
                await self._answer(member, self._run_alone(runner, member.items))

        await asyncio.gather(*map(run, members))

    async def _run_alone(self, runner: ChunkRunner[Any, Any], items: Sequence[Item]) -> Outcomes:
        started = time.perf_counter()
        outcomes: Outcomes = await runner.run(items)
        self._observe(runner, started, outcomes)
        return outcomes

    async def _answer(self, member: _Member, run: Awaitable[Outcomes]) -> None:
        """Give a member the outcomes that `run` returns, or its error."""
        try:
            _set(member, await run)
        except Exception as error:  # noqa: BLE001 - its caller gets it, and no other
            if not member.outcomes.done():
                member.outcomes.set_exception(error)

    def _observe(self, runner: ChunkRunner[Any, Any], started: float, outcomes: Outcomes) -> None:
        mutation = runner.work.kind.mutation
        self._observer.chunk_done(mutation, time.perf_counter() - started)
        self._observer.items_answered(mutation, outcomes)


def _kind_of(runner: ChunkRunner[Any, Any]) -> Hashable:
    """Return what requests must have in common to share a transaction."""
    return runner.work.kind.name, tuple(sorted(runner.work.settings.items()))


def _set(member: _Member, outcomes: Outcomes) -> None:
    if not member.outcomes.done():  # its caller may have left
        member.outcomes.set_result(outcomes)
