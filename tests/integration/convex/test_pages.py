"""Read lists page by page over Convex's protocol."""

from typing import Any

import pytest

from tests.support.shop import Shop
from tests.support.web.convex_calls import error, value

pytestmark = pytest.mark.either_driver

# What usePaginatedQuery sends besides.
OTHER_CLIENTS = {"id": 1, "endCursor": None, "maximumRowsRead": 5, "maximumBytesRead": 5}


async def test_pages_follow_each_other_to_the_end(shop: Shop) -> None:
    ids = await shop.put(1, 2, 3, category="paged")
    arguments: dict[str, Any] = {"filter": {"category": "paged"}, "orderBy": "STOCK_ASC"}

    first = await value(
        shop,
        "query",
        "products",
        arguments | {"paginationOpts": OTHER_CLIENTS | {"numItems": 2, "cursor": None}},
    )
    second = await value(
        shop,
        "query",
        "products",
        arguments | {"paginationOpts": {"numItems": 2.0, "cursor": first["continueCursor"]}},
    )

    assert [one["id"] for one in first["page"]] == ids[:2]
    assert [one["id"] for one in second["page"]] == ids[2:]
    assert (first["isDone"], second["isDone"]) == (False, True)
    assert {*first} == {"page", "isDone", "continueCursor"}


async def test_an_empty_list_is_a_page_whose_cursor_waits_for_what_comes(shop: Shop) -> None:
    empty = await value(
        shop, "query", "stockUpdates", {"paginationOpts": {"numItems": 2, "cursor": None}}
    )
    (cup,) = await shop.put(10)
    await shop.update([(cup, 5)])

    later = await value(
        shop,
        "query",
        "stockUpdates",
        {"paginationOpts": {"numItems": 2, "cursor": empty["continueCursor"]}},
    )

    assert empty == {"page": [], "isDone": True, "continueCursor": ""}
    assert [one["newStock"] for one in later["page"]] == [15]
    assert later["isDone"]


async def test_a_page_behind_the_end_is_empty_and_keeps_its_cursor(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    last = await value(shop, "query", "products", {})

    behind = await value(
        shop,
        "query",
        "products",
        {"paginationOpts": {"numItems": 2, "cursor": last["continueCursor"]}},
    )

    assert [one["id"] for one in last["page"]] == [cup]
    assert behind == {"page": [], "isDone": True, "continueCursor": last["continueCursor"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"numItems": 0, "cursor": None},
            "paginationOpts.numItems is 0: it must be from 1 to 1000.",
        ),
        (
            {"numItems": 1001, "cursor": None},
            "paginationOpts.numItems is 1001: it must be from 1 to 1000.",
        ),
        (
            {"numItems": 2.5, "cursor": None},
            (
                "Argument 'paginationOpts.numItems' has invalid value: "
                "Int cannot represent non-integer value: 2.5"
            ),
        ),
        (
            {"numItems": 2, "cursor": "x"},
            (
                "paginationOpts.cursor is not a cursor: pass the continueCursor of the page "
                "before, unchanged, or leave it out."
            ),
        ),
        (
            {"cursor": None},
            "paginationOpts must be {numItems, cursor}; cursor is null for the first page.",
        ),
        (
            {"numItems": None, "cursor": None},
            "paginationOpts must be {numItems, cursor}; cursor is null for the first page.",
        ),
        (
            {"numItems": 1, "cursor": False},
            (
                "Argument 'paginationOpts.cursor' has invalid value: "
                "String cannot represent a non string value: false"
            ),
        ),
        (5, "paginationOpts must be {numItems, cursor}; cursor is null for the first page."),
        (
            {"numItems": 2, "first": 2},
            "paginationOpts has no field “first”: give numItems and cursor.",
        ),
    ],
)
async def test_wrong_pagination_is_told_in_convex_s_words(
    shop: Shop, options: Any, message: str
) -> None:
    refused = await error(shop, "query", "products", {"paginationOpts": options})

    assert refused == {"code": "BAD_INPUT", "message": message}


async def test_relay_s_arguments_are_none_of_convex_s(shop: Shop) -> None:
    refused = await error(shop, "query", "products", {"first": 2})

    assert refused["message"] == (
        "products has no argument “first”: there may be filter, orderBy, paginationOpts."
    )
