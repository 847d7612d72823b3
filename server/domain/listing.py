"""Lists: their pages, their filters and their orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

from server.domain.batch_state import BatchState
from server.domain.errors import BadInput
from server.domain.stock_update import StockUpdateStatus

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A request for the `first` items after the opaque cursor `after`."""

    first: int = DEFAULT_PAGE_SIZE
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= MAX_PAGE_SIZE:
            raise BadInput(f"first is {self.first}: it must be from 1 to {MAX_PAGE_SIZE}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list; `cursors[i]` is the cursor of `items[i]`."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


class ProductOrder(Enum):
    """The orders of the products."""

    CREATED_ASC = "CREATED_ASC"
    CREATED_DESC = "CREATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    STOCK_ASC = "STOCK_ASC"
    STOCK_DESC = "STOCK_DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """The conditions that a product must meet, all of them; `ids` are in lower case."""

    category: str | None = None
    discontinued: bool | None = None
    stock_at_least: int | None = None
    stock_at_most: int | None = None
    name_prefix: str | None = None
    name_contains: str | None = None
    ids: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockUpdateFilter:
    """The conditions that a row must meet, all of them; `since` is inclusive, `until` exclusive."""

    product_id: str | None = None
    status: StockUpdateStatus | None = None
    batch_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOperationFilter:
    """The conditions that a stored batch must meet, all of them; `kind` is a kind's name."""

    state: BatchState | None = None
    kind: str | None = None
    created_by: str | None = None
