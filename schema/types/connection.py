from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from server.domain.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many at most, 1 to {MAX_PAGE_SIZE}. Default: {DEFAULT_PAGE_SIZE}."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Begin behind this cursor: the `endCursor` of the page before, with the same filter and order. Default: at the beginning."
    ),
]
NodeT = TypeVar("NodeT")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether this page began after a cursor."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge; null if there is none."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge, to pass as `after`; null if there is none."
    )


@strawberry.type(description="One place in a list.")
class Edge(Generic[NodeT]):
    cursor: str = strawberry.field(
        description="Where this place is: text without a meaning of its own, good for `after`."
    )
    node: NodeT = strawberry.field(description="What stands there.")


@strawberry.type(description="A page of a list, as Relay asks for it.")
class Connection(Generic[NodeT]):
    edges: list[Edge[NodeT]] = strawberry.field(description="The places on this page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(
        description="How many there are on all pages together. Counted only when asked for."
    )
    async def total_count(self) -> int:
        return await self.count()
