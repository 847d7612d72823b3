from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from server.domain.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"Maximum number of entries on the page, 1 to {MAX_PAGE_SIZE}. Default: {DEFAULT_PAGE_SIZE}."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Start after this cursor: the `endCursor` of the page before, with the same filter and order. Default: start at the "
        "beginning."
    ),
]
NodeT = TypeVar("NodeT")


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more entries follow this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether this page starts after a cursor."
    )
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first entry; null if the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last entry, to pass as `after` for the next page; null if the page is empty."
    )


@strawberry.type(description="An entry of a list, with its cursor.")
class Edge(Generic[NodeT]):
    cursor: str = strawberry.field(
        description="Position of the entry in the list: an opaque text to pass as `after`."
    )
    node: NodeT = strawberry.field(description="The entry itself.")


@strawberry.type(description="A page of a list, in the form of a Relay connection.")
class Connection(Generic[NodeT]):
    edges: list[Edge[NodeT]] = strawberry.field(description="The entries of this page, in order.")
    page_info: PageInfo = strawberry.field(description="The position of this page in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(
        description="Number of entries on all pages together, exactly. Counted only if this field is requested: that takes "
        "about a second for each million of entries, and costs 100."
    )
    async def total_count(self) -> int:
        return await self.count()
