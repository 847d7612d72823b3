"""The usage examples of the request for create, update and delete many, by name.

Its users are products here: what it calls `key` is `productId`, and `email` and `age` are `price`
and `category`.
"""

from typing import Any

import pytest

from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

CREATE_MANY = """
mutation CreateMany($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) {
    outcome
    created { id name price stock category }
    failed { index productId error { code message path } errors { path } }
    stats { total created failed }
  }
}
"""
UPDATE_MANY = """
mutation UpdateMany($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) {
    outcome
    updated { id name price stock category }
    notFound { index productId }
    failed { index productId error { code path } }
    stats { total updated notFound failed }
  }
}
"""
DELETE_MANY = """
mutation DeleteMany($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) {
    outcome
    deleted { id name price stock category }
    deletedCount
    notFound { index productId }
    failed { index productId error { code } }
    stats { total deleted notFound failed cascaded }
  }
}
"""
DEAR_ONES = """
query DearOnes($after: String) {
  products(filter: {category: "tableware"}, first: 2, after: $after) {
    edges { node { id price } } pageInfo { hasNextPage endCursor }
  }
}
"""
OWN_IDS = [f"{number:024x}" for number in (1, 2, 3)]


def product(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "price": 199, "stock": 10, "category": "tableware"} | fields


THREE = [
    product(name, id=own_id) for name, own_id in zip(["Cup", "Mug", "Jug"], OWN_IDS, strict=True)
]
SOME_BAD = [product("Cup"), product(" "), product("Jug"), product("Pot", price=-1)]


def names(shop: Shop) -> list[str]:
    return [one["name"] for one in shop.products.find().sort("_id")]


def counts(of: str, total: int, done: int, **others: int) -> dict[str, int]:
    return {"total": total, of: done} | others


class TestApiReference:
    async def test_create_many(self, shop: Shop) -> None:
        result = await shop.ask(CREATE_MANY, products=THREE)

        assert result == {
            "outcome": "ALL",
            "created": THREE,
            "failed": [],
            "stats": counts("created", 3, 3, failed=0),
        }
        assert names(shop) == ["Cup", "Mug", "Jug"]

    async def test_update_many(self, shop: Shop) -> None:
        await shop.ask(CREATE_MANY, products=THREE)
        data = [{"category": "active"}, {"category": "inactive", "price": 5}, {"name": "Robert"}]

        result = await shop.ask(
            UPDATE_MANY,
            updates=[
                {"productId": one, "data": patch} for one, patch in zip(OWN_IDS, data, strict=True)
            ],
        )

        assert result == {
            "outcome": "ALL",
            "updated": [one | patch for one, patch in zip(THREE, data, strict=True)],
            "notFound": [],
            "failed": [],
            "stats": counts("updated", 3, 3, notFound=0, failed=0),
        }
        assert names(shop) == ["Cup", "Mug", "Robert"]

    async def test_delete_many(self, shop: Shop) -> None:
        await shop.ask(CREATE_MANY, products=THREE)
        await shop.update([(OWN_IDS[1], 5)])

        result = await shop.ask(
            DELETE_MANY,
            deletes=[
                {"productId": OWN_IDS[0]},
                {"productId": OWN_IDS[1], "cascadeDelete": True},
                {"productId": OWN_IDS[2]},
            ],
        )

        assert result == {
            "outcome": "ALL",
            "deleted": [],
            "deletedCount": 3,
            "notFound": [],
            "failed": [],
            "stats": counts("deleted", 3, 3, notFound=0, failed=0, cascaded=1),
        }
        assert (shop.stocks(), shop.rows()) == ({}, [])


class TestUsageExamples:
    async def test_basic_batch_creation(self, shop: Shop) -> None:
        result = await shop.ask(CREATE_MANY, products=THREE)

        assert result["stats"] == counts("created", 3, 3, failed=0)
        assert shop.stocks() == dict.fromkeys(OWN_IDS, 10)

    @pytest.mark.parametrize("atomic", [True, False])
    async def test_error_handling_with_partial_results(self, shop: Shop, atomic: bool) -> None:
        result = await shop.ask(
            CREATE_MANY,
            products=SOME_BAD,
            options={"continueOnError": True, "returnPartialResults": True, "atomic": atomic},
        )

        blank = "The name is blank: it must have 1 to 200 characters."
        negative = "The price -1 is out of range: it may be from 0 to 2147483647."
        assert result["stats"] == counts("created", 4, 2, failed=2)
        assert [one["name"] for one in result["created"]] == ["Cup", "Jug"]
        assert result["failed"] == [
            {
                "index": index,
                "productId": None,
                "error": {"code": "INVALID_FIELD", "message": message, "path": path},
                "errors": [{"path": path}],
            }
            for index, message, path in (
                (1, blank, ["products", "1", "name"]),
                (3, negative, ["products", "3", "price"]),
            )
        ]
        assert names(shop) == ["Cup", "Jug"]

    async def test_non_atomic_processing(self, shop: Shop) -> None:
        options = {"atomic": False, "continueOnError": True, "returnPartialResults": True}
        await shop.put(0, id=OWN_IDS[1], name="Old")

        result = await shop.ask(CREATE_MANY, products=THREE, options=options)

        assert result["outcome"] == "PARTIAL"
        assert result["created"] == [THREE[0], THREE[2]]
        assert [(one["index"], one["error"]["code"]) for one in result["failed"]] == [
            (1, "DUPLICATE_KEY")
        ]
        assert names(shop) == ["Cup", "Old", "Jug"]

    async def test_batch_updates_with_query_builder_integration(self, shop: Shop) -> None:
        """A query selects the products page by page, and its ids go into the batch."""
        await shop.ask(
            CREATE_MANY, products=[product(f"Cup {place}", price=place) for place in range(7)]
        )
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            answer = await shop.ask(DEAR_ONES, after=page["endCursor"])
            page, found = answer["pageInfo"], [*found, *(one["node"] for one in answer["edges"])]

        result = await shop.ask(
            UPDATE_MANY,
            updates=[
                {"productId": one["id"], "data": {"category": "senior"}}
                for one in found
                if one["price"] > 3
            ],
        )

        assert result["stats"] == counts("updated", 3, 3, notFound=0, failed=0)
        senior = {one["name"] for one in shop.products.find({"category": "senior"})}
        assert senior == {"Cup 4", "Cup 5", "Cup 6"}

    async def test_cascade_deletes(self, shop: Shop) -> None:
        await shop.ask(CREATE_MANY, products=THREE)
        await shop.update([(one, 1) for one in OWN_IDS])

        result = await shop.ask(
            DELETE_MANY,
            deletes=[{"productId": one, "cascadeDelete": True} for one in OWN_IDS[:2]],
            options={"returnDeletedItems": True},
        )

        assert result["deleted"] == [one | {"stock": 11} for one in THREE[:2]]
        assert result["deletedCount"] == 2
        assert result["stats"] == counts("deleted", 2, 2, notFound=0, failed=0, cascaded=2)
        assert shop.stocks() == {OWN_IDS[2]: 11}
        assert [str(row["productId"]) for row in shop.rows()] == [OWN_IDS[2]]

    async def test_large_dataset_processing(self, shop: Shop) -> None:
        products = [product(f"Cup {place}", price=place - 10) for place in range(1000)]
        shop.commands.names.clear()

        result = await shop.ask(
            CREATE_MANY,
            products=products,
            options={
                "batchSize": 100,
                "atomic": False,
                "continueOnError": True,
                "returnPartialResults": True,
            },
        )

        assert result["stats"] == counts("created", 1000, 990, failed=10)
        assert [one["name"] for one in result["created"]] == [one["name"] for one in products[10:]]
        assert [one["index"] for one in result["failed"]] == list(range(10))
        assert len(shop.stocks()) == 990
        assert shop.commands.names.count("commitTransaction") == 10


class TestErrorHandling:
    async def test_validation_errors(self, shop: Shop) -> None:
        """All errors of every invalid item are told, and nothing is written."""
        invalid = [product("", price=0.5), product("Mug"), product("Jug", stock=-1)]

        result = await shop.ask(CREATE_MANY, products=invalid)

        assert result["stats"] == counts("created", 3, 0, failed=3)
        assert [
            (one["error"]["code"], [error["path"][1:] for error in one["errors"]])
            for one in result["failed"]
        ] == [
            ("INVALID_FIELD", [["0", "name"], ["0", "price"]]),
            ("ROLLED_BACK", [["1"]]),
            ("INVALID_FIELD", [["2", "stock"]]),
        ]
        assert shop.stocks() == {}

    async def test_operation_errors(self, shop: Shop) -> None:
        """The answer counts successes and failures, and has each failure."""
        await shop.ask(CREATE_MANY, products=THREE)
        await shop.discontinue(OWN_IDS[2:])

        result = await shop.ask(
            UPDATE_MANY,
            updates=[
                {"productId": one, "data": {"price": 1}}
                for one in (OWN_IDS[0], UNKNOWN_ID, OWN_IDS[2], OWN_IDS[1])
            ],
            options={"atomic": False},
        )

        assert result == {
            "outcome": "PARTIAL",
            "updated": [],
            "notFound": [{"index": 1, "productId": UNKNOWN_ID}],
            "failed": [
                {
                    "index": place,
                    "productId": one,
                    "error": {"code": "NOT_ATTEMPTED", "path": ["updates", str(place)]},
                }
                for place, one in ((2, OWN_IDS[2]), (3, OWN_IDS[1]))
            ],
            "stats": counts("updated", 4, 1, notFound=1, failed=2),
        }
        assert [one["price"] for one in shop.products.find().sort("_id")] == [1, 199, 199]


class TestBestPractices:
    async def test_choose_the_right_mode(self, shop: Shop) -> None:
        """If atomic, the good items are rolled back; if not, they are stored."""
        atomic = await shop.ask(CREATE_MANY, products=SOME_BAD)
        assert [one["error"]["code"] for one in atomic["failed"]] == [
            "ROLLED_BACK",
            "INVALID_FIELD",
            "ROLLED_BACK",
            "INVALID_FIELD",
        ]
        assert names(shop) == []

        await shop.ask(
            CREATE_MANY, products=SOME_BAD, options={"atomic": False, "continueOnError": True}
        )
        assert names(shop) == ["Cup", "Jug"]

    async def test_handle_large_datasets(self, shop: Shop) -> None:
        """Without `returnPartialResults` the new products are counted and not returned."""
        result = await shop.ask(
            CREATE_MANY,
            products=[product(f"Cup {place}", price=place - 1) for place in range(120)],
            options={"batchSize": 50, "atomic": False, "continueOnError": True},
        )

        assert (result["outcome"], result["created"]) == ("PARTIAL", [])
        assert result["stats"] == counts("created", 120, 119, failed=1)
        assert len(shop.stocks()) == 119

    async def test_validate_before_processing(self, shop: Shop) -> None:
        options = {
            "validateBeforeWrite": True,
            "continueOnError": True,
            "returnPartialResults": True,
        }

        result = await shop.ask(CREATE_MANY, products=SOME_BAD, options=options)

        assert [one["name"] for one in result["created"]] == ["Cup", "Jug"]
        assert [one["index"] for one in result["failed"]] == [1, 3]
        assert names(shop) == ["Cup", "Jug"]

    @pytest.mark.parametrize(
        ("options", "written"),
        [({}, []), ({"validateBeforeWrite": True}, []), ({"validateBeforeWrite": False}, ["Cup"])],
    )
    async def test_validate_before_processing_where_the_first_error_ends_it(
        self, shop: Shop, options: dict[str, Any], written: list[str]
    ) -> None:
        """By default nothing is begun, and every bad item is named."""
        result = await shop.ask(
            CREATE_MANY,
            products=SOME_BAD,
            options={"atomic": False, "continueOnError": False, "batchSize": 1} | options,
        )

        stopped = ["INVALID_FIELD", "NOT_ATTEMPTED", "NOT_ATTEMPTED"]
        named = ["NOT_ATTEMPTED", "INVALID_FIELD", "NOT_ATTEMPTED", "INVALID_FIELD"]
        codes = [one["error"]["code"] for one in result["failed"]]
        assert codes == (stopped if written else named)
        assert names(shop) == written

    async def test_monitor_performance(self, shop: Shop) -> None:
        """The metrics have the time, and the answer has the number of items."""
        result = await shop.ask(CREATE_MANY, products=THREE)

        assert result["stats"]["total"] == 3
        exposition = shop.metrics.exposition().decode()
        for line in (
            'stockbatch_items_total{code="OK",operation="batchCreateProducts"} 3.0',
            'stockbatch_chunk_seconds_count{operation="batchCreateProducts"} 1.0',
        ):
            assert line in exposition.splitlines()

    async def test_use_secondary_indexes_efficiently(self, shop: Shop) -> None:
        """Every list that a product is in shows its new values at once."""
        await shop.ask(CREATE_MANY, products=THREE)
        in_category = """
        query ($category: String) { products(filter: {category: $category}) { totalCount } }
        """

        await shop.ask(
            UPDATE_MANY, updates=[{"productId": OWN_IDS[0], "data": {"category": "kitchen"}}]
        )

        assert await shop.ask(in_category, category="kitchen") == {"totalCount": 1}
        assert await shop.ask(in_category, category="tableware") == {"totalCount": 2}
