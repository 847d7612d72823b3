"""The result of one item of a stored batch."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from server.domain.outcome import Failed, Outcome

Input = Mapping[str, Any]  # an item as it was sent: the names and values of its GraphQL input


class FileItem(dict[str, Any]):
    """An item that came in a file, with its `row` there: the first one is 1.

    `in_0_1_0` is the item as version 0.1.0 read it, where that is another: the hashes of its
    idempotency keys go on.
    """

    __slots__ = ("in_0_1_0", "row")

    def __init__(self, row: int, fields: Input | None = None) -> None:
        super().__init__(fields or {})
        self.row = row
        self.in_0_1_0: Input | None = None


def row_of(sent: Input) -> int | None:
    """Return the row of the item in its file; None if it came in no file."""
    return sent.row if isinstance(sent, FileItem) else None


class Publication(Struct, frozen=True, kw_only=True, gc=False):
    """How the publication of one item ended: with the receiver's `tx_id`, or with an `error`."""

    index: int
    tx_id: str | None = None
    error: str | None = None


class ItemResult(Struct, frozen=True, kw_only=True, gc=False):
    """An item as it was sent, and what came of it.

    `is_published` says whether the item is to be published if it succeeds; `publication` is None
    until it is published or given up. `row` is the item's row in the file that it came in.
    """

    input: Input
    outcome: Outcome
    is_published: bool = False
    publication: Publication | None = None
    row: int | None = None

    @property
    def index(self) -> int:
        """Return the item's place in its batch, from 0."""
        return self.outcome.index

    @property
    def success(self) -> bool:
        """Return whether the item succeeded."""
        return not isinstance(self.outcome, Failed)
