"""The death of a process in the middle of a chunk's transaction, or what looks like one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A lease that ran out while its worker ran a transaction of the items `first` to `last`.

    `at` is when the lease ran out, by the database's clock. `worker` is None if the worker lives:
    a bug ended the transaction. The indexes are those of items in the batch; the chunk may not have
    all of them.
    """

    first: int
    last: int
    at: datetime
    worker: str | None

    def accuses(self, index: int) -> bool:
        """Return whether the item was in the transaction."""
        return self.first <= index <= self.last

    @property
    def is_of_one_item(self) -> bool:
        return self.first == self.last


def accusing(deaths: Sequence[Death], indexes: Sequence[int]) -> Sequence[Death]:
    """Return the deaths that one of these items may have caused.

    The items with outcomes are innocent: a transaction has run and committed them.
    """
    return [death for death in deaths if any(map(death.accuses, indexes))]
