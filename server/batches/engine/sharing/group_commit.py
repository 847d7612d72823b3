"""Group commit: small requests that arrive while a transaction is in flight share the next one.

Databases do the same with their log. A request that finds no transaction in flight begins at once,
and waits for nobody. What was measured and rejected: docs/decisions/0010-group-commit.md.
"""

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from server.batches.engine.chunk import ChunkRunner
from server.batches.engine.in_flight import InFlight
from server.batches.engine.sharing.group import Groups, Member, Outcomes
from server.batches.engine.sharing.turns import Turn, Turns
from server.domain.request_id import context_of
from server.kinds.kind import Item

_MOST_IN_FLIGHT = 8  # groups of all lines together; as many as CONCURRENT_CHUNKS


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """How much one transaction of several requests may hold, and how long a request waits for it.

    `items` is the most of one group; 0 gives each request transactions of its own. The next group
    begins after `seconds`, even if the transaction before it has not ended.
    """

    items: int = 500
    seconds: float = 0.05


@dataclass(slots=True, eq=False)
class _Group:
    """Requests that share a transaction; none before it has begun."""

    members: Sequence[Member] = ()


@dataclass(slots=True, eq=False)
class _Line:
    """The requests that may share transactions: those of one kind with the same settings.

    `waiting` is in the order of arrival. They wait for `newest`, the group that was begun last,
    unless it takes too long; or for their turns. `groups` counts those that have not ended.
    """

    kind: Hashable
    waiting: dict[Member, None] = field(default_factory=dict)
    newest: _Group | None = None
    groups: int = 0
    timer: asyncio.TimerHandle | None = None

    @property
    def can_begin(self) -> bool:
        return self.newest is None and any(member.turn.may_begin() for member in self.waiting)

    def next_members(self, most_items: int) -> Sequence[Member]:
        """Take out the requests that can begin together, in the order of their arrival.

        A request that must wait for another product stays, and does not hold up those behind it.
        """
        members: list[Member] = []
        turns: set[Turn] = set()
        for member in self.waiting:
            if member.turn.may_begin(beside=turns):
                most_items -= len(member.items)
                if most_items < 0:
                    break
                members.append(member)
                turns.add(member.turn)
        for member in members:
            del self.waiting[member]
        return members


class GroupCommit:
    """Runs requests that are one chunk each, several in one transaction if they arrive together.

    Requests get their products in the order of their arrival. A caller that is cancelled leaves its
    line, unless its group has begun.
    """

    def __init__(
        self, groups: Groups, turns: Turns, in_flight: InFlight, limits: GroupLimits
    ) -> None:
        self._groups = groups
        self._turns = turns
        self._in_flight = in_flight
        self._limits = limits
        self._lines: dict[Hashable, _Line] = {}
        self._slots = asyncio.Semaphore(_MOST_IN_FLIGHT)

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
        line = self._lines.get(kind)
        if line is None:
            line = self._lines[kind] = _Line(kind)
        turn = self._turns.join({item.key for item in items if item.key})
        turn.when_first(partial(self._advance, line))
        outcomes = asyncio.get_running_loop().create_future()
        member = Member(runner, items, turn, outcomes, self._groups.tracer.here())
        line.waiting[member] = None
        self._advance(line)
        try:
            return await member.outcomes
        finally:
            if member in line.waiting:  # the caller has left
                del line.waiting[member]
                turn.leave()
                self._advance(line)

    async def drain(self) -> None:
        """Wait until no request waits in a line."""
        while waiting := [one.outcomes for line in self._lines.values() for one in line.waiting]:
            await asyncio.wait(waiting)

    def _advance(self, line: _Line) -> None:
        """Begin the next group if there is something to begin, and the newest does not hinder it.

        The group takes its members when it gets to run: all that arrive in the same moment.
        """
        if line.can_begin:
            line.newest = _Group()
            line.groups += 1
            running = self._run(line, line.newest)
            self._in_flight.begin(running, context=context_of(None))
        else:
            self._keep_time(line)
        if not line.waiting and not line.groups and self._lines.get(line.kind) is line:
            del self._lines[line.kind]

    async def _run(self, line: _Line, group: _Group) -> None:
        try:
            async with self._slots:
                group.members = line.next_members(self._limits.items)
                self._keep_time(line)
                if group.members:
                    await self._groups.run(group.members)
        finally:
            line.groups -= 1
            if line.newest is group:
                line.newest = None
            self._advance(line)

    def _keep_time(self, line: _Line) -> None:
        """Look at the line again after a while if a request waits, and has not been looked at."""
        has_begun = line.newest is None or line.newest.members
        if line.waiting and has_begun and line.timer is None:
            loop = asyncio.get_running_loop()
            line.timer = loop.call_later(self._limits.seconds, self._look_again, line)
        elif not line.waiting and line.timer is not None:
            line.timer.cancel()
            line.timer = None

    def _look_again(self, line: _Line) -> None:
        """Let nobody wait any longer for the newest group, nor for a turn after the patience."""
        line.timer = None
        if line.newest is not None and line.newest.members:
            line.newest = None
        self._advance(line)


def _kind_of(runner: ChunkRunner[Any, Any]) -> Hashable:
    """Return what requests must have in common to share a transaction."""
    return runner.work.kind.name, tuple(sorted(runner.work.settings.items()))
