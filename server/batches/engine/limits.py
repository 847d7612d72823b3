"""The number of items that a request may have."""

from dataclasses import dataclass

from server.domain.errors import BatchTooLarge
from server.domain.options import BatchOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most items of one request, and the most of an atomic one."""

    items: int = 10_000
    atomic_items: int = 5_000

    def check(self, argument: str, count: int, options: BatchOptions) -> None:
        """Refuse a request with too many items in the list `argument`.

        Raises:
            BatchTooLarge: there are more items than the limit.
        """
        if count > self.items:
            raise BatchTooLarge(
                f"{argument} has {count} items: at most {self.items} are allowed in one "
                "request. Send several requests."
            )
        if options.atomic and count > self.atomic_items:
            raise BatchTooLarge(
                f"{argument} has {count} items: at most {self.atomic_items} fit into one "
                "atomic batch. Set options.atomic to false, or send less."
            )
