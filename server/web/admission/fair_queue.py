"""Requests that wait, in an order that gives each caller a fair share of the work.

Start-time fair queueing (Goyal, Vin and Cheng, 1996): a request is tagged with the time at which it
would begin if every caller had a server of its own, and those with the smallest tags go first.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, order=True)
class Place(Generic[T]):
    """A place in the queue. One that has been left stays until its turn comes, and is skipped."""

    tag: int
    number: int
    work: int = field(compare=False)
    caller: str = field(compare=False)
    value: T = field(compare=False)
    is_left: bool = field(default=False, compare=False)


class FairQueue(Generic[T]):
    """Places in order. `work` is that of all who wait."""

    def __init__(self) -> None:
        self.work = 0
        self._now = 0
        self._heap: list[Place[T]] = []
        self._ends: defaultdict[str, int] = defaultdict(int)
        self._numbers = count()
        self._waiting = 0
        self._callers: dict[str, int] = {}  # how often each waits

    def __len__(self) -> int:
        return self._waiting

    def work_before(self, caller: str) -> int:
        """Return the work of those who would go before a new request of this caller."""
        tag = self._tag(caller)
        return sum(place.work for place in self._live() if place.tag <= tag)

    def join(self, caller: str, work: int, value: T) -> Place[T]:
        """Take a place behind all earlier requests of the caller."""
        tag = self._tag(caller)
        place = Place(tag, next(self._numbers), work, caller, value)
        heapq.heappush(self._heap, place)
        self._ends[caller] = tag + work
        self._waiting += 1
        self._callers[caller] = self._callers.get(caller, 0) + 1
        self.work += work
        return place

    def leave(self, place: Place[T]) -> None:
        """Give up a place."""
        if place.is_left:
            return
        place.is_left = True
        self._waiting -= 1
        self.work -= place.work
        self._callers[place.caller] -= 1
        if not self._callers[place.caller]:
            del self._callers[place.caller]
        if not self._waiting:
            self._heap.clear()
            self._ends.clear()  # a caller who waits for nobody owes nothing

    def next(self, may: Callable[[str], bool] = lambda _: True) -> Place[T] | None:
        """Take the first place out whose caller `may` begin; None if there is none."""
        if not any(map(may, self._callers)):
            return None  # without a look at each place
        passed: list[Place[T]] = []
        found = None
        while found is None:
            place = heapq.heappop(self._heap)
            if place.is_left:
                continue
            if may(place.caller):
                found = place
            else:
                passed.append(place)
        for place in passed:
            heapq.heappush(self._heap, place)
        self.leave(found)
        self._now = max(self._now, found.tag)  # a place that was passed over has a smaller tag
        return found

    def _tag(self, caller: str) -> int:
        return max(self._now, self._ends.get(caller, 0))

    def _live(self) -> Iterator[Place[T]]:
        return (place for place in self._heap if not place.is_left)
