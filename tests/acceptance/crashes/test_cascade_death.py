"""Products that go with their ledger while servers and databases are killed: all of it or nothing.

A product is there with all its rows or gone with none, whatever died in the middle of what.
"""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from server.mongo.connection.embedded import EmbeddedMongod
from tests.acceptance.conftest import Serve
from tests.support.processes.database_traces import conflicts, was_stopped_in_order
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

Shop = Database[dict[str, Any]]

SIZE = 200
MOST_ROWS = 50
SOME = 20  # products that are gone when something dies
PAST = datetime(2026, 1, 31, 12, tzinfo=UTC)

_DELETE = """
mutation Delete($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions!) {
  batchDeleteProducts(deletes: $deletes, options: $options) {
    deletedCount
    stats { cascaded }
    notFound { productId }
    failed { productId error { code retryable } }
  }
}
"""
_CREATE = """
mutation Create($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) { created { id } }
}
"""
IN_SMALL_CHUNKS = {
    "cascadeDelete": True, "atomic": False, "continueOnError": True, "batchSize": 2,
}  # fmt: skip
AT_ONCE = {"cascadeDelete": True, "atomic": True, "continueOnError": False}


class Stockroom:
    """Products to delete, with 0 to 50 rows each, beside ten that must stay."""

    def __init__(self, shop: Shop, *, expiring: datetime | None = None) -> None:
        """Put the products in place of the samples; the rows first, for a sweep may be waiting.

        The first product expires at `expiring`, and each of the others a millisecond later.
        """
        dice = random.Random(2026)
        self.ids = [ObjectId() for _ in range(SIZE)]
        self._lasting = [ObjectId() for _ in range(10)]
        counts = {one: dice.randint(0, MOST_ROWS) for one in [*self.ids, *self._lasting]}
        counts |= {self.ids[0]: 0, self.ids[1]: MOST_ROWS, self._lasting[0]: MOST_ROWS}
        self._rows = {one: count for one, count in counts.items() if count}
        shop["products"].delete_many({})
        shop["stockUpdates"].insert_many(
            _row(one) for one, count in counts.items() for _ in range(count)
        )
        shop["products"].insert_many(_product(one) for one in self._lasting)
        due = [
            expiring + timedelta(milliseconds=place) if expiring else None for place in range(SIZE)
        ]
        shop["products"].insert_many(map(_product, self.ids, due))

    def delete(self, server: ServerProcess, options: dict[str, Any]) -> Any:
        """Delete all of them in one batch; return its result, or None if the server says it ends.

        Raises:
            httpx.TransportError: the server ended before it answered.
        """
        deletes = [{"productId": str(one)} for one in self.ids]
        response = server.post(_DELETE, deletes=deletes, options=options)
        if response.status_code == 503:
            return None
        return response.json()["data"]["batchDeleteProducts"]

    def rows(self, *ids: ObjectId) -> int:
        return sum(self._rows.get(one, 0) for one in ids)

    def gone(self, shop: Shop) -> list[ObjectId]:
        """Return the products that are gone with all rows; fail if any other lost a row."""
        there = {one["_id"] for one in shop["products"].find({}, {"_id": 1})}
        rows = Counter(one["productId"] for one in shop["stockUpdates"].find({}, {"productId": 1}))
        assert set(self._lasting) <= there
        assert rows == {one: count for one, count in self._rows.items() if one in there}
        return [one for one in self.ids if one not in there]


def _product(one: ObjectId, expires_at: datetime | None = None) -> dict[str, Any]:
    fixed = {"name": "Cup", "price": 100, "stock": 10, "category": "load", "discontinued": False}
    dates = {"createdAt": PAST, "updatedAt": PAST}
    return {"_id": one} | fixed | dates | ({"expiresAt": expires_at} if expires_at else {})


def _row(product: ObjectId) -> dict[str, Any]:
    fixed = {"quantity": 0, "timestamp": PAST, "status": "applied", "newStock": 10}
    return {"_id": ObjectId(), "productId": product, "reason": "adjustment"} | fixed


@contextmanager
def database_of(server: ServerProcess) -> Iterator[Shop]:
    with server.mongo() as client:
        yield client["stockbatch"]


@contextmanager
def database_alone(data_dir: Path) -> Iterator[Shop]:
    """Open the database of an ended server as the server left it: no sweep runs."""
    mongod = EmbeddedMongod(data_dir)
    with asyncio.Runner() as runner:
        runner.run(mongod.start())
        try:
            with MongoClient[dict[str, Any]](mongod.uri, tz_aware=True) as client:
                yield client["stockbatch"]
        finally:
            runner.run(mongod.stop())


@contextmanager
def held(shop: Shop, product: ObjectId) -> Iterator[None]:
    """Hold this product in an open transaction, so that its deletion cannot finish."""
    with shop.client.start_session() as session, session.start_transaction():
        now = {"$set": {"updatedAt": datetime.now(UTC)}}
        found = shop["products"].update_one({"_id": product}, now, session=session)
        assert found.matched_count == 1
        yield
        session.abort_transaction()  # no error if the database has been killed


@contextmanager
def deleting(
    stockroom: Stockroom, server: ServerProcess, options: dict[str, Any]
) -> Iterator[Future[Any]]:
    """Start a batch of deletions; it has no result if the server ends first."""

    def send() -> Any:
        with suppress(httpx.TransportError):
            return stockroom.delete(server, options)

    with ThreadPoolExecutor() as threads:
        yield threads.submit(send)


def kill_the_server(server: ServerProcess) -> None:
    """Kill the server, which ends its database too."""
    server.kill()


def kill_its_database(server: ServerProcess) -> None:
    """Kill the database, which ends the server too."""
    server.mongod.kill()
    assert server.wait(seconds=25) == 1


def kill_both(server: ServerProcess) -> None:
    server.mongod.kill()
    server.kill()


one_death = pytest.mark.parametrize("kill", [kill_the_server, kill_its_database])
all_deaths = pytest.mark.parametrize("kill", [kill_the_server, kill_its_database, kill_both])


@all_deaths
def test_a_cascade_that_is_killed_leaves_no_orphan_and_no_half_deleted_product(
    serve: Serve, kill: Callable[[ServerProcess], None]
) -> None:
    server = serve()
    with database_of(server) as shop:
        stockroom = Stockroom(shop)
        with held(shop, stockroom.ids[-1]), deleting(stockroom, server, IN_SMALL_CHUNKS) as sent:
            until_some_are_gone(shop)
            kill(server)

    server = serve()

    with database_of(server) as shop:
        gone = stockroom.gone(shop)
        assert SOME <= len(gone) < SIZE
        assert_is_true_of(gone, sent.result())
        left = [one for one in stockroom.ids if one not in gone]
        assert stockroom.delete(server, IN_SMALL_CHUNKS) == {
            "deletedCount": len(left),
            "stats": {"cascaded": stockroom.rows(*left)},
            "notFound": [{"productId": str(one)} for one in gone],
            "failed": [],
        }
        assert stockroom.gone(shop) == stockroom.ids


def assert_is_true_of(gone: list[ObjectId], answer: Any) -> None:
    """Check what a server whose database was killed says of a batch, if it answers at all."""
    if answer is not None:
        assert answer["notFound"] == []
        assert answer["deletedCount"] <= len(gone)
        unchanged = {one["productId"] for one in answer["failed"] if one["error"]["retryable"]}
        assert unchanged & {str(one) for one in gone} == set()


@one_death
def test_an_atomic_cascade_that_is_killed_while_its_rows_go_has_deleted_nothing(
    serve: Serve, kill: Callable[[ServerProcess], None]
) -> None:
    server = serve()
    with database_of(server) as shop:
        stockroom = Stockroom(shop)
        with held(shop, stockroom.ids[-1]), deleting(stockroom, server, AT_ONCE):
            until_half_are_left(shop, "stockUpdates")
            kill(server)

    server = serve()

    with database_of(server) as shop:
        assert stockroom.gone(shop) == []
        assert stockroom.delete(server, AT_ONCE) == {
            "deletedCount": SIZE,
            "stats": {"cascaded": stockroom.rows(*stockroom.ids)},
            "notFound": [],
            "failed": [],
        }
        assert stockroom.gone(shop) == stockroom.ids


@one_death
def test_an_atomic_cascade_that_is_killed_at_its_end_has_deleted_all_or_nothing(
    serve: Serve, kill: Callable[[ServerProcess], None]
) -> None:
    server = serve()
    with database_of(server) as shop:
        stockroom = Stockroom(shop)
        with deleting(stockroom, server, AT_ONCE) as sent:
            until_half_are_left(shop, "products")
            kill(server)

    server = serve()

    with database_of(server) as shop:
        gone = stockroom.gone(shop)
        assert gone in ([], stockroom.ids)
        assert_is_true_of(gone, sent.result())
        answer = stockroom.delete(server, AT_ONCE)
        assert answer["deletedCount"] == SIZE - len(gone)
        assert [one["productId"] for one in answer["notFound"]] == [str(one) for one in gone]
        assert stockroom.gone(shop) == stockroom.ids


def until_some_are_gone(shop: Shop) -> None:
    """Wait until a majority has acknowledged deletions; others may come back after a kill."""
    products = shop["products"].with_options(read_concern=ReadConcern("majority"))
    enough = len(products.distinct("_id")) - SOME
    until(lambda: len(products.distinct("_id")) <= enough, "some to go")


def until_half_are_left(shop: Shop, collection: str) -> None:
    """Wait until half the documents are deleted, open transactions included."""
    half = shop[collection].estimated_document_count() // 2
    until(lambda: shop[collection].estimated_document_count() <= half, f"half the {collection}")


def test_a_server_sweeps_what_has_expired(serve: Serve) -> None:
    server = serve(EXPIRY_SWEEP_SECONDS="0.2")
    with database_of(server) as shop:
        stockroom = Stockroom(shop, expiring=PAST)
        cup = {"name": "Cup", "price": 1, "stock": 1, "category": "load"}
        created = server.graphql(_CREATE, products=[cup], options={"expireIn": 1})
        (own,) = [ObjectId(one["id"]) for one in created["batchCreateProducts"]["created"]]

        until(lambda: shop["products"].count_documents({}) == 10, "the sweep")

        assert stockroom.gone(shop) == stockroom.ids
        assert shop["products"].find_one({"_id": own}) is None


@one_death
def test_a_sweep_that_is_killed_leaves_no_orphan_and_no_half_deleted_product(
    serve: Serve, kill: Callable[[ServerProcess], None]
) -> None:
    server = serve(EXPIRY_SWEEP_SECONDS="0.2")
    with database_of(server) as shop:
        stockroom = Stockroom(shop, expiring=soon())
        with held(shop, stockroom.ids[-1]):
            until_some_are_gone(shop)
            until(lambda: conflicts(shop.client), "a part of the sweep that cannot end")
            kill(server)

    with database_alone(server.data_dir) as shop:
        gone = stockroom.gone(shop)
    server = serve(EXPIRY_SWEEP_SECONDS="0.2")

    assert SOME <= len(gone) < SIZE
    with database_of(server) as shop:
        until(lambda: shop["products"].count_documents({}) == 10, "the rest of the sweep")
        assert stockroom.gone(shop) == stockroom.ids


def test_a_server_that_is_told_to_end_while_it_sweeps_ends_in_order(serve: Serve) -> None:
    server = serve(EXPIRY_SWEEP_SECONDS="0.2")
    with database_of(server) as shop:
        stockroom = Stockroom(shop, expiring=soon())
        until_some_are_gone(shop)

        server.send(signal.SIGTERM)

        assert server.wait() == 0
    assert_ended_in_order(server, stockroom)


def test_a_server_that_is_told_to_end_while_a_part_of_its_sweep_cannot_ends_in_order(
    serve: Serve,
) -> None:
    server = serve(EXPIRY_SWEEP_SECONDS="0.2")
    with database_of(server) as shop:
        stockroom = Stockroom(shop, expiring=soon())
        with held(shop, stockroom.ids[-1]):
            until(lambda: conflicts(shop.client), "a part of the sweep that cannot end")

            server.send(signal.SIGTERM)

            assert server.wait() == 0
    assert stockroom.ids[-1] not in assert_ended_in_order(server, stockroom)


def assert_ended_in_order(server: ServerProcess, stockroom: Stockroom) -> list[ObjectId]:
    """Check that the server ended in order; return the products that were swept."""
    assert was_stopped_in_order(server.data_dir)
    assert "Traceback" not in server.log
    assert " CRITICAL " not in server.log
    with database_alone(server.data_dir) as shop:
        return stockroom.gone(shop)


def soon() -> datetime:
    """Return a moment that leaves the time to get hold of a product first."""
    return datetime.now(UTC) + timedelta(seconds=2)
