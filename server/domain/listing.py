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
    """The `first` items after the one that the opaque cursor `after` names."""

    first: int = DEFAULT_PAGE_SIZE
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= MAX_PAGE_SIZE:
            raise BadInput(f"first is {self.first}: it must be from 1 to {MAX_PAGE_SIZE}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Each of `items` has its cursor at the same place in `cursors`."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


class ProductOrder(Enum):
    CREATED_ASC = "CREATED_ASC"
    CREATED_DESC = "CREATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    STOCK_ASC = "STOCK_ASC"
    STOCK_DESC = "STOCK_DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """All that is set must hold; `ids` are in their one spelling."""

    category: str | None = None
    discontinued: bool | None = None
    stock_at_least: int | None = None
    stock_at_most: int | None = None
    name_prefix: str | None = None
    ids: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockUpdateFilter:
    """All that is set must hold; `since` is inclusive, `until` exclusive."""

    product_id: str | None = None
    status: StockUpdateStatus | None = None
    batch_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOperationFilter:
    """All that is set must hold."""

    state: BatchState | None = None
    kind: str | None = None
