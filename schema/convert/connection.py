"""A page of the domain's values as a Relay connection."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from schema.types.connection import Connection, Edge, PageInfo
from server.domain import listing

ValueT = TypeVar("ValueT")
NodeT = TypeVar("NodeT")


def to_connection(
    page: listing.Page[ValueT],
    to_node: Callable[[ValueT], NodeT],
    count: Callable[[], Awaitable[int]],
) -> Connection[NodeT]:
    """Return the page, whose list is counted only if `totalCount` is requested."""
    cursors = page.cursors
    return Connection(
        edges=[
            Edge(cursor=cursor, node=to_node(item))
            for cursor, item in zip(cursors, page.items, strict=True)
        ],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        count=count,
    )
