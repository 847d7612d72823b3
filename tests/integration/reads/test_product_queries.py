"""Query `product` and `products` with every filter and order, through all pages."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import Int64, ObjectId

from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

PRODUCT = """
query ($id: ID!) {
  product(id: $id) {
    id name price stock category discontinued createdAt updatedAt expiresAt
  }
}
"""
PRODUCTS = """
query ($filter: ProductFilter, $orderBy: ProductOrder, $first: Int, $after: String) {
  products(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges { cursor node { id name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ORDERS: dict[str, tuple[Callable[[dict[str, Any]], Any], bool]] = {  # the key, and if backwards
    "CREATED_ASC": (lambda one: (one["createdAt"], one["_id"]), False),
    "CREATED_DESC": (lambda one: (one["createdAt"], one["_id"]), True),
    "NAME_ASC": (lambda one: (one["name"], one["_id"]), False),
    "NAME_DESC": (lambda one: (one["name"], one["_id"]), True),
    "STOCK_ASC": (lambda one: (one["stock"], one["_id"]), False),
    "STOCK_DESC": (lambda one: (one["stock"], one["_id"]), True),
}


FILTERS: list[tuple[dict[str, Any] | None, set[str]]] = [
    (None, {"gone", "mug", "green", "black"}),
    ({}, {"gone", "mug", "green", "black"}),
    ({"category": None, "ids": None}, {"gone", "mug", "green", "black"}),
    ({"category": "tea"}, {"gone", "green", "black"}),
    ({"category": "te"}, set()),
    ({"category": ""}, set()),
    ({"category": '{"$ne": ""}'}, set()),
    ({"discontinued": True}, {"gone"}),
    ({"discontinued": False}, {"mug", "green", "black"}),
    ({"stockAtLeast": 10}, {"green", "black"}),
    ({"stockAtMost": 10}, {"gone", "mug", "green"}),
    ({"stockAtLeast": 5, "stockAtMost": 10}, {"mug", "green"}),
    ({"stockAtLeast": 10, "stockAtMost": 5}, set()),
    ({"namePrefix": "g"}, {"gone", "green"}),
    ({"namePrefix": "G"}, set()),
    ({"nameContains": "REE"}, {"green"}),
    ({"nameContains": "e", "stockAtLeast": 10}, {"green"}),
    ({"nameContains": "."}, set()),
    ({"nameContains": ""}, {"gone", "mug", "green", "black"}),
    ({"nameContains": "\0"}, set()),
    ({"ids": []}, set()),
    ({"category": "tea", "discontinued": False, "stockAtMost": 10}, {"green"}),
    ({"namePrefix": "g", "category": "tea", "stockAtLeast": 1}, {"green"}),
]


async def names(shop: Shop, **arguments: Any) -> list[str]:
    page = await shop.ask(PRODUCTS, **arguments)
    return [edge["node"]["name"] for edge in page["edges"]]


async def pages(shop: Shop, size: int, **arguments: Any) -> list[list[str]]:
    """Return the ids on each page, from the first to the last."""
    found: list[list[str]] = []
    after = None
    while True:
        page = await shop.ask(PRODUCTS, first=size, after=after, **arguments)
        cursors = [edge["cursor"] for edge in page["edges"]]
        more = page["pageInfo"]["hasNextPage"]
        assert page["pageInfo"] == {
            "hasNextPage": more,
            "hasPreviousPage": after is not None,
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
        }
        found.append([edge["node"]["id"] for edge in page["edges"]])
        after = cursors[-1]
        if not more:
            return found


async def refusal(shop: Shop, **arguments: Any) -> tuple[str, str]:
    """Return the message and code of the only error, of an answer without data."""
    answer = await shop.post_query(PRODUCTS, **arguments)
    assert answer["data"] is None
    (error,) = answer["errors"]
    return error["message"], error["extensions"]["code"]


class TestProduct:
    async def test_it_is_found_by_its_id_in_either_case(self, shop: Shop) -> None:
        (known,) = await shop.put(
            7,
            id="abcdefabcdefabcdefabcdef",
            name="Tasse “Ä”",
            created_at=NOON,
            updated_at=NOON + timedelta(milliseconds=5),
            expires_at=NOON + timedelta(days=1),
        )
        shop.clock.stand_at(NOON)

        for spelling in (known, known.upper()):
            assert await shop.ask(PRODUCT, id=spelling) == {
                "id": known,
                "name": "Tasse “Ä”",
                "price": 100,
                "stock": 7,
                "category": "tableware",
                "discontinued": False,
                "createdAt": "2026-01-31T12:00:00.000Z",
                "updatedAt": "2026-01-31T12:00:00.005Z",
                "expiresAt": "2026-02-01T12:00:00.000Z",
            }

    async def test_an_unknown_one_is_null(self, shop: Shop) -> None:
        await shop.put(1)

        assert await shop.ask(PRODUCT, id=UNKNOWN_ID) is None

    async def test_a_malformed_id_is_bad_input(self, shop: Shop) -> None:
        answer = await shop.graphql(PRODUCT, {"id": "nonsense"})

        assert answer["data"] == {"product": None}
        assert [(one["message"], one["extensions"]) for one in answer["errors"]] == [
            ("id is “nonsense”: an id is 24 hexadecimal characters.", {"code": "BAD_INPUT"})
        ]

    async def test_many_in_one_request_take_one_command(self, shop: Shop) -> None:
        ids = await shop.put(1, 2, 3)
        shop.commands.names.clear()
        fields = " ".join(
            f'p{place}: product(id: "{one}") {{ stock }}' for place, one in enumerate(ids)
        )

        answer = await shop.graphql(f"{{ {fields} }}")

        assert [one["stock"] for one in answer["data"].values()] == [1, 2, 3]
        assert shop.commands.names == ["find"]


class TestFilters:
    async def test_all_that_is_given_must_hold(self, shop: Shop) -> None:
        await shop.put(0, name="gone", category="tea", discontinued=True)
        await shop.put(5, name="mug", category="tableware")
        await shop.put(10, name="green", category="tea")
        await shop.put(15, name="black", category="tea")

        for where, expected in FILTERS:
            page = await shop.ask(PRODUCTS, filter=where)
            found = {edge["node"]["name"] for edge in page["edges"]}
            assert (where, found, page["totalCount"]) == (where, expected, len(expected))

    async def test_ids_are_found_in_either_case_and_once(self, shop: Shop) -> None:
        (known,) = await shop.put(1, id="abcdefabcdefabcdefabcdef", name="known")
        await shop.put(1, name="another")

        found = await names(shop, filter={"ids": [known.upper(), known, UNKNOWN_ID]})

        assert found == ["known"]

    async def test_a_malformed_id_is_named_with_its_place(self, shop: Shop) -> None:
        assert await refusal(shop, filter={"ids": [UNKNOWN_ID, "nonsense"]}) == (
            "filter.ids[1] is “nonsense”: an id is 24 hexadecimal characters.",
            "BAD_INPUT",
        )

    async def test_more_than_a_thousand_ids_are_refused(self, shop: Shop) -> None:
        assert await names(shop, filter={"ids": [UNKNOWN_ID] * 1000}) == []
        assert await refusal(shop, filter={"ids": [UNKNOWN_ID] * 1001}) == (
            "filter.ids has 1001 ids: at most 1000 are allowed.",
            "BAD_INPUT",
        )

    async def test_a_name_prefix_is_text_and_no_pattern(self, shop: Shop) -> None:
        """It is compared with Python's `startswith`, over all names of up to two odd characters."""
        odd = ["a", ".", "*", "$", "\\", "\0", "\ud7ff", "\ue000", "\U0010ffff"]
        all_names = [*odd, *map("".join, itertools.product(odd, odd)), ""]
        for name in all_names:
            await shop.put(1, name=name)

        for prefix in all_names:
            found = await names(shop, filter={"namePrefix": prefix}, first=1000)
            assert found == sorted(one for one in all_names if one.startswith(prefix)), prefix

    async def test_half_a_surrogate_pair_is_bad_input(self, shop: Shop) -> None:
        for name, text in itertools.product(
            ("namePrefix", "category"), ("\ud800", "a\udfff", "\udc00\ud800")
        ):
            assert await refusal(shop, filter={name: text}) == (
                f"filter.{name} is not valid Unicode: it has half a surrogate pair.",
                "BAD_INPUT",
            )


class TestPaging:
    @pytest.fixture
    async def stocked(self, shop: Shop) -> Shop:
        """Put twenty products, several of which are equal in each order."""
        for place in range(20):
            await shop.put(
                place % 3,
                name="ABC"[place * 7 % 3],
                category="xy"[place % 2],
                created_at=NOON + timedelta(milliseconds=place * 5 % 4),
            )
        return shop

    @pytest.mark.parametrize("where", [None, {"category": "x"}], ids=["all", "filtered"])
    async def test_the_pages_make_up_the_whole_list_in_order(
        self, stocked: Shop, where: dict[str, Any] | None
    ) -> None:
        for order, (key, backwards) in ORDERS.items():
            documents = sorted(stocked.products.find(where or {}), key=key, reverse=backwards)
            expected = [str(one["_id"]) for one in documents]
            for size in (1, 7, len(expected)):
                assert await pages(stocked, size, filter=where, orderBy=order) == [
                    expected[start : start + size] for start in range(0, len(expected), size)
                ]

    async def test_any_cursor_of_a_page_can_be_gone_on_from(self, stocked: Shop) -> None:
        whole = await stocked.ask(PRODUCTS, orderBy="NAME_ASC")
        ids = [edge["node"]["id"] for edge in whole["edges"]]

        for place, edge in enumerate(whole["edges"]):
            rest = await stocked.ask(PRODUCTS, orderBy="NAME_ASC", after=edge["cursor"])
            assert [one["node"]["id"] for one in rest["edges"]] == ids[place + 1 :]

    async def test_behind_the_last_there_is_an_empty_page(self, stocked: Shop) -> None:
        whole = await stocked.ask(PRODUCTS)

        page = await stocked.ask(PRODUCTS, after=whole["pageInfo"]["endCursor"])

        assert page == {
            "edges": [],
            "pageInfo": {
                "hasNextPage": False,
                "hasPreviousPage": True,
                "startCursor": None,
                "endCursor": None,
            },
            "totalCount": 20,
        }

    async def test_a_page_has_fifty_unless_asked_otherwise(self, shop: Shop) -> None:
        await shop.put(*range(51))

        for left_out in ({}, {"first": None}):
            page = await shop.ask(PRODUCTS, **left_out)
            assert (len(page["edges"]), page["pageInfo"]["hasNextPage"]) == (50, True)

    async def test_the_order_left_out_is_that_of_the_filter(self, stocked: Shop) -> None:
        for where, order in (
            (None, "CREATED_ASC"),
            ({"category": "x"}, "CREATED_ASC"),
            ({"discontinued": False}, "CREATED_ASC"),
            ({"stockAtLeast": 0}, "STOCK_ASC"),
            ({"stockAtMost": 9}, "STOCK_ASC"),
            ({"namePrefix": ""}, "NAME_ASC"),
            ({"namePrefix": "", "stockAtLeast": 0}, "NAME_ASC"),
        ):
            unordered = await stocked.ask(PRODUCTS, filter=where)
            assert unordered == await stocked.ask(PRODUCTS, filter=where, orderBy=order)

    async def test_a_stock_that_another_program_stored_as_a_long_pages_like_any_other(
        self, shop: Shop
    ) -> None:
        """The validator takes both of MongoDB's whole numbers; other drivers write longs."""
        ids = await shop.put(1, 2, 3)
        for one, stock in zip(ids, (1, 2, 3), strict=True):
            shop.products.update_one({"_id": ObjectId(one)}, {"$set": {"stock": Int64(stock)}})
        page = await shop.ask(PRODUCTS, orderBy="STOCK_ASC", first=1)

        rest = await shop.ask(PRODUCTS, orderBy="STOCK_ASC", after=page["pageInfo"]["endCursor"])

        assert [edge["node"]["id"] for edge in rest["edges"]] == ids[1:]


class TestRefusals:
    async def test_a_page_of_an_impossible_size_is_bad_input(self, shop: Shop) -> None:
        shop.commands.names.clear()

        for first in (0, -1, 1001):
            assert await refusal(shop, first=first) == (
                f"first is {first}: it must be from 1 to 1000.",
                "BAD_INPUT",
            )
        assert shop.commands.names == []

    async def test_a_malformed_cursor_is_bad_input(self, shop: Shop) -> None:
        message = (
            "after is not a cursor: pass the endCursor of the page before, unchanged, or leave it "
            "out."
        )
        for after in ("", "x", "bm9uc2Vuc2U=", "é", "\ud800", "a" * 100_000):
            assert await refusal(shop, after=after) == (message, "BAD_INPUT")

    async def test_a_cursor_of_another_list_is_bad_input(self, shop: Shop) -> None:
        (known,) = await shop.put(1)
        await shop.update([(known, 1)])
        ledger = await shop.ask("{ stockUpdates { pageInfo { endCursor } } }")
        by_name = await shop.ask(PRODUCTS, orderBy="NAME_ASC")
        message = (
            "after is a cursor of a list in another order: keep orderBy and the filter the same "
            "from page to page, or leave after out to start anew."
        )

        for page in (ledger, by_name):
            for order in ("NAME_DESC", "CREATED_ASC", None):
                cursor = page["pageInfo"]["endCursor"]
                assert await refusal(shop, orderBy=order, after=cursor) == (message, "BAD_INPUT")


async def test_products_are_counted_only_when_asked(shop: Shop) -> None:
    await shop.put(1, 2)
    shop.commands.names.clear()

    await shop.ask("{ products { edges { node { id } } } }")
    assert shop.commands.names == ["find"]

    assert await shop.ask("{ products(first: 1) { totalCount } }") == {"totalCount": 2}
    assert shop.commands.names == ["find", "find", "aggregate"]
