"""Make the collections, validators and indexes at start-up, as often as it runs."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from bson import Int64, ObjectId
from pymongo.collection import Collection
from pymongo.errors import WriteError

from server.domain.errors import StartupError, StoreError
from server.kinds.registry import KINDS
from server.mongo.collections import ensure_collections, is_new
from tests.support.shop import Shop

VALIDATION_FAILED = 121
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PRODUCT = {
    "name": "Cup",
    "price": 100,
    "stock": 5,
    "category": "tableware",
    "discontinued": False,
    "createdAt": NOON,
    "updatedAt": NOON,
}
STOCK_UPDATE = {
    "productId": ObjectId("a" * 24),
    "quantity": -3,
    "timestamp": NOON,
    "status": "applied",
    "reason": "adjustment",
}
REFUSED: dict[str, list[dict[str, Any]]] = {
    "products": [
        *({name: ...} for name in PRODUCT),  # left out
        {"_id": "cup"},
        {"name": 5},
        {"category": None},
        {"discontinued": 1},
        {"stock": -1},
        {"stock": 2**31},
        {"stock": 5.0},
        {"stock": "5"},
        {"stock": None},
        {"price": -1},
        {"price": 99.5},
        {"price": 2**31},
        {"createdAt": "2026-01-31"},
        {"expiresAt": 5},
    ],
    "stockUpdates": [
        *({name: ...} for name in STOCK_UPDATE),
        {"_id": 1},
        {"productId": "a" * 24},
        {"quantity": 0.5},
        {"quantity": -(2**31)},
        {"quantity": 2**31},
        {"timestamp": 1769860800},
        {"status": "lost"},
        {"status": "APPLIED"},
        {"reason": "theft"},
        {"code": "OUT_OF_LUCK"},
        {"error": 5},
        {"newStock": -1},
        {"batchId": "b" * 24},
        {"index": -1},
    ],
}
TAKEN: dict[str, list[dict[str, Any]]] = {
    "products": [
        {},
        {"stock": 0, "price": 0},
        {"stock": 2**31 - 1, "price": Int64(5)},
        {"expiresAt": NOON},
    ],
    "stockUpdates": [
        {},
        {"quantity": -(2**31) + 1},
        {"status": "failed", "code": "INSUFFICIENT_STOCK", "error": "Too few."},
        {"status": "pending", "batchId": ObjectId("b" * 24), "index": 0},
        {"reason": "discontinued", "newStock": 0},
    ],
}
HAS_KEY = {"idempotencyKey": {"$exists": True}}


def by(*fields: str, **options: Any) -> dict[str, dict[str, Any]]:
    """Return an ascending index under its usual name."""
    name = "_".join(f"{field}_1" for field in fields) if fields != ("_id",) else "_id_"
    return {name: {"key": [(field, 1) for field in fields]} | options}


def by_name(name: str, fields: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return an index of the chunks whose rows wait."""
    counts = ("rows.count", "successCount", "failureCount", "status")
    waiting = {"status": "pending", "rows.timestamp": {"$exists": True}}
    (index,) = by(*fields, *counts, partialFilterExpression=waiting).values()
    return {name: index}


INDEXES: dict[str, dict[str, dict[str, Any]]] = {
    "products": by("_id")
    | by("createdAt", "_id")
    | by("category", "createdAt", "_id")
    | by("discontinued", "createdAt", "_id")
    | by("name", "_id")
    | by("expiresAt", sparse=True),
    "stockUpdates": by("_id")
    | by("productId", "timestamp", "_id")
    | by("status", "timestamp", "_id")
    | by("batchId", "index", "_id", partialFilterExpression={"batchId": {"$exists": True}}),
    "batchOperations": by("_id")
    | by("createdAt", "_id")
    | by("status", "createdAt", "_id")
    | by("operationType", "createdAt", "_id")
    | by("createdBy", "createdAt", "_id")
    | by("completedAt", sparse=True)
    | by("caller", sparse=True)
    | by("createdAt", partialFilterExpression=HAS_KEY)
    | by("createdBy", "idempotencyKey", unique=True, partialFilterExpression=HAS_KEY),
    "batchChunks": by("_id")
    | by("batchId", "index", unique=True)
    | by("blocked", "due", "_id", partialFilterExpression={"status": "pending"})
    | by("status", partialFilterExpression={"status": "pending"})
    | by("batchId", "first", "last")
    | by(
        *("batchId", "status", "successCount", "failureCount"),
        *("publishingCount", "publishedCount", "unpublishedCount"),
    )
    | by(
        *("batchId", "doneAt", "successCount", "failureCount"),
        partialFilterExpression={"doneAt": {"$exists": True}},
    )
    | by("lease.expiresAt", sparse=True)
    | by_name("waitingRows", ("rows.timestamp", "rows.last", "rows.first"))
    | by_name("waitingItems", ("batchId", "first", "last", "rows.timestamp"))
    | by("publishingCount", partialFilterExpression={"publishingCount": {"$gt": 0}}),
    "callers": by("_id") | by("forgetAt", expireAfterSeconds=0),
    "sentFiles": by("_id") | by("forgetAt", expireAfterSeconds=0),
    "workers": by("_id") | by("forgetAt", expireAfterSeconds=0),
    "carriedProducts": by("_id"),
    "commitMarks": by("_id") | by("createdAt", expireAfterSeconds=3600),
}


def filled_in(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (base | changes).items() if value is not ...}


def indexes(shop: Shop, database: str) -> dict[str, dict[str, Any]]:
    return {
        name: {
            index: {key: value for key, value in options.items() if key != "v"}
            for index, options in shop.admin[database][name].index_information().items()
        }
        for name in shop.admin[database].list_collection_names()
    }


@pytest.fixture
def empty(shop: Shop) -> Iterator[str]:
    """Return the name of a database that has nothing yet."""
    name = f"test_{uuid4().hex[:12]}"
    yield name
    shop.admin.drop_database(name)


async def test_every_index_is_made_and_no_other(shop: Shop) -> None:
    assert indexes(shop, shop.database) == INDEXES


async def test_a_database_is_new_until_all_was_made(shop: Shop, empty: str) -> None:
    """A start that was interrupted leaves some collections: the next start begins as the first."""
    database = shop.driver.client[empty]
    shop.admin[empty].create_collection("products")
    assert await is_new(database)

    await ensure_collections(database, list(KINDS))

    assert not await is_new(database)


@pytest.mark.parametrize("name", ["callers", "workers", "sentFiles", "carriedProducts"])
async def test_a_database_of_before_a_collection_is_not_new_and_gets_it(
    shop: Shop, empty: str, name: str
) -> None:
    database = shop.driver.client[empty]
    await ensure_collections(database, list(KINDS))
    shop.admin[empty].drop_collection(name)
    assert not await is_new(database)

    await ensure_collections(database, list(KINDS))

    assert indexes(shop, empty) == INDEXES


async def test_making_them_again_changes_nothing_and_touches_no_validator(shop: Shop) -> None:
    await shop.put(5)
    before = list(shop.products.find()), indexes(shop, shop.database)
    shop.commands.names.clear()

    await ensure_collections(shop.driver.client[shop.database], list(KINDS))

    assert shop.commands.names == ["listCollections", "listIndexes", *["createIndexes"] * 8]
    assert (list(shop.products.find()), indexes(shop, shop.database)) == before


@pytest.fixture
def of_0_1_0(shop: Shop) -> Collection[dict[str, Any]]:
    """The products of a database that has the index over the stock, and one of the user's own."""
    products: Collection[dict[str, Any]] = shop.products
    products.create_index([("stock", 1), ("_id", 1)])
    products.create_index("stock", name="mine")
    return products


async def test_the_index_over_the_stock_goes_from_a_database_that_has_it(
    shop: Shop, of_0_1_0: Collection[dict[str, Any]]
) -> None:
    (known,) = await shop.put(5)
    shop.commands.names.clear()

    for _ in range(2):
        await ensure_collections(shop.driver.client[shop.database], list(KINDS))

    once = ["listCollections", "listIndexes", *["createIndexes"] * 8]
    assert shop.commands.names == [*once[:2], "dropIndexes", *once[2:], *once]
    assert of_0_1_0.index_information().keys() == {*INDEXES["products"], "mine"}
    assert shop.stocks() == {known: 5}


async def test_several_servers_may_drop_it_at_the_same_time(
    shop: Shop, of_0_1_0: Collection[dict[str, Any]]
) -> None:
    database = shop.driver.client[shop.database]

    await asyncio.gather(*(ensure_collections(database, list(KINDS)) for _ in range(5)))

    assert of_0_1_0.index_information().keys() == {*INDEXES["products"], "mine"}


@pytest.mark.parametrize("code", [26, 27], ids=["NamespaceNotFound", "IndexNotFound"])
async def test_another_server_may_have_dropped_it_just_before(
    shop: Shop, of_0_1_0: Collection[dict[str, Any]], code: int
) -> None:
    with shop.failing("dropIndexes", mode={"times": 1}, errorCode=code):
        await ensure_collections(shop.driver.client[shop.database], list(KINDS))

    assert shop.commands.names.count("dropIndexes") == 1


async def test_an_index_that_cannot_be_dropped_stops_the_start(
    shop: Shop, of_0_1_0: Collection[dict[str, Any]]
) -> None:
    unauthorized = 13
    with (
        shop.failing("dropIndexes", mode={"times": 1}, errorCode=unauthorized),
        pytest.raises(StoreError, match="Unauthorized"),
    ):
        await ensure_collections(shop.driver.client[shop.database], list(KINDS))

    assert "stock_1__id_1" in of_0_1_0.index_information()


async def test_several_servers_may_start_at_the_same_time(shop: Shop, empty: str) -> None:
    database = shop.driver.client[empty]

    await asyncio.gather(*(ensure_collections(database, list(KINDS)) for _ in range(5)))

    assert indexes(shop, empty) == INDEXES
    with pytest.raises(WriteError) as refused:
        shop.admin[empty]["products"].insert_one(PRODUCT | {"stock": -1})
    assert refused.value.code == VALIDATION_FAILED


@pytest.mark.parametrize(("name", "base"), [("products", PRODUCT), ("stockUpdates", STOCK_UPDATE)])
async def test_the_database_refuses_what_only_a_bug_would_write(
    shop: Shop, name: str, base: dict[str, Any]
) -> None:
    collection = shop.admin[shop.database][name]

    for changes in REFUSED[name]:
        with pytest.raises(WriteError) as refused:
            collection.insert_one(filled_in(base, changes))
        assert (changes, refused.value.code) == (changes, VALIDATION_FAILED)
    assert collection.count_documents({}) == 0

    collection.insert_many([filled_in(base, changes) for changes in TAKEN[name]])
    assert collection.count_documents({}) == len(TAKEN[name])


async def test_the_database_refuses_an_update_to_a_negative_stock(shop: Shop) -> None:
    (known,) = await shop.put(5)

    with pytest.raises(WriteError) as refused:
        shop.products.update_one({"_id": ObjectId(known)}, {"$inc": {"stock": -6}})

    assert refused.value.code == VALIDATION_FAILED
    assert shop.stocks() == {known: 5}


async def test_an_older_validator_is_brought_up_to_date(shop: Shop) -> None:
    (known,) = await shop.put(5)
    older = {"$jsonSchema": {"bsonType": "object", "required": ["name"]}}
    shop.admin[shop.database].command("collMod", "products", validator=older)
    shop.products.insert_one({"_id": ObjectId(), "name": "what the older one let in"})

    await ensure_collections(shop.driver.client[shop.database], list(KINDS))

    with pytest.raises(WriteError):
        shop.products.insert_one(PRODUCT | {"stock": -1})
    with pytest.raises(WriteError):
        shop.products.insert_one({"name": "no longer"})
    assert [one["name"] for one in shop.products.find()] == ["Cup", "what the older one let in"]
    await shop.update([(known, 1)])
    assert shop.products.find_one({"_id": ObjectId(known)})["stock"] == 6


async def test_a_collection_without_a_validator_gets_one(shop: Shop, empty: str) -> None:
    shop.admin[empty].create_collection("products")

    await ensure_collections(shop.driver.client[empty], list(KINDS))

    assert indexes(shop, empty) == INDEXES
    with pytest.raises(WriteError):
        shop.admin[empty]["products"].insert_one(PRODUCT | {"stock": -1})


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ([("expiresAt", 1)], {"expireAfterSeconds": 60}),
        ([("name", 1), ("_id", 1)], {"unique": True}),
        ([("price", 1)], {"name": "name_1__id_1"}),
        ([("name", 1), ("_id", 1)], {"name": "mine"}),
    ],
    ids=["other options", "unique", "other keys", "other name"],
)
async def test_a_conflicting_index_stops_the_start_with_one_sentence(
    shop: Shop, empty: str, keys: list[tuple[str, int]], options: dict[str, Any]
) -> None:
    made = shop.admin[empty]["products"].create_index(keys, **options)

    with pytest.raises(StartupError) as refused:
        await ensure_collections(shop.driver.client[empty], list(KINDS))

    message = str(refused.value)
    assert message.startswith(
        f"An index of {empty}.products is not the one that stockbatch needs: "
    )
    assert message.endswith("Drop that index and start again.")
    assert made in message
    assert made in shop.admin[empty]["products"].index_information()
