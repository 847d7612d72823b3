"""The result of one item of a stored batch."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from server.domain.outcome import Failed, Outcome

Input = Mapping[str, Any]  # an item as it was sent: the names and values of its GraphQL input


class Publication(Struct, frozen=True, kw_only=True, gc=False):
    """How the publication of one item ended: with the receiver's `tx_id`, or with an `error`."""

    index: int
    tx_id: str | None = None
    error: str | None = None


class ItemResult(Struct, frozen=True, kw_only=True, gc=False):
    """An item as it was sent, and what came of it.

    `is_published` says whether the item is to be published if it succeeds; `publication` is None
    until it is published or given up.
    """

    input: Input
    outcome: Outcome
    is_published: bool = False
    publication: Publication | None = None

    @property
    def index(self) -> int:
        """Return the item's place in its batch, from 0."""
        return self.outcome.index

    @property
    def success(self) -> bool:
        """Return whether the item succeeded."""
        return not isinstance(self.outcome, Failed)
