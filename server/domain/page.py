"""A page of a list, and how to ask for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.domain.errors import BadInput

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
