"""Put 10 000 products under load, and check them whatever died in the middle of it."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from bson import ObjectId
from pymongo.database import Database

from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

SIZE = 10_000
CHUNK = 500
_SMALL = 40  # items: one chunk
_SHARES = 8  # a batch's quantities: 8 for each number of a batch, so that a row tells its batch

_UPDATE = """
mutation Update($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates, options: { batchSize: 500 }) {
    index success newStock error { retryable }
  }
}
"""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch with an item for each of `places`; `answers` is empty if the server died first."""

    number: int
    places: Sequence[int]
    answers: list[dict[str, Any]] = field(default_factory=list)

    def quantity(self, place: int) -> int:
        return self.number * _SHARES + place % _SHARES

    def chunks(self) -> list[set[int]]:
        return [set(self.places[at : at + CHUNK]) for at in range(0, len(self.places), CHUNK)]


class Warehouse:
    """The products of a fresh database, and the batches that were sent to them."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        """Put the products into the database, instead of the samples."""
        now = datetime.now(UTC)
        self._ids = [ObjectId() for _ in range(SIZE)]
        self._places = {id_: place for place, id_ in enumerate(self._ids)}
        self._openings = [place % 1000 for place in range(SIZE)]
        self._batches: list[Batch] = []
        fixed = {"price": 100, "category": "load", "discontinued": False}
        dates = {"createdAt": now, "updatedAt": now}
        database["products"].delete_many({})
        database["products"].insert_many(
            {"_id": id_, "name": f"Product {place}", "stock": self._openings[place]} | fixed | dates
            for place, id_ in enumerate(self._ids)
        )

    def send(self, server: ServerProcess, places: Sequence[int] = range(SIZE)) -> httpx.Response:
        """Send a batch with an item for each of the places, and return its answer.

        Raises:
            httpx.TransportError: the server ended before it answered.
        """
        batch = Batch(number=len(self._batches) + 1, places=places)
        self._batches.append(batch)
        updates = [
            {"productId": str(self._ids[place]), "quantity": batch.quantity(place)}
            for place in places
        ]
        response = server.post(_UPDATE, updates=updates)
        if response.is_success:
            batch.answers.extend(response.json()["data"]["batchUpdateStock"])
        return response

    @contextmanager
    def product_held(self, database: Database[dict[str, Any]], place: int) -> Iterator[None]:
        """Hold a product in an open transaction until the end of the block."""
        with database.client.start_session() as session, session.start_transaction():
            now = {"$set": {"updatedAt": datetime.now(UTC)}}
            database["products"].update_one({"_id": self._ids[place]}, now, session=session)
            yield
            session.abort_transaction()

    @contextmanager
    def under_load(self, server: ServerProcess) -> Iterator[None]:
        """Let two callers change products, one of them all at a time; kill the server at last."""
        with ThreadPoolExecutor() as threads:
            callers = [threads.submit(self._call, server, one) for one in (SIZE, _SMALL)]
            try:
                yield
            finally:
                server.kill()
        for caller in callers:
            caller.result()

    def _call(self, server: ServerProcess, size: int) -> None:
        with suppress(httpx.TransportError):
            while not server.has_ended():
                self.send(server, sorted(random.sample(range(SIZE), size)))

    def assert_is_true(self, database: Database[dict[str, Any]]) -> int:
        """Check stocks and ledger against each other, and the answers against both.

        Return the number of rows in the ledger.
        """
        rows = list(database["stockUpdates"].find({}, {"_id": 0, "timestamp": 0}))
        assert {(row["status"], row["reason"]) for row in rows} <= {("applied", "adjustment")}
        self._assert_ledger_explains_stocks(rows, database)
        by_batch: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            by_batch[row["quantity"] // _SHARES].append(row)
        assert set(by_batch) <= {batch.number for batch in self._batches}
        for batch in self._batches:
            self._assert_batch(batch, by_batch[batch.number])
        return len(rows)

    def _assert_ledger_explains_stocks(
        self, rows: Sequence[dict[str, Any]], database: Database[dict[str, Any]]
    ) -> None:
        expected = dict(zip(self._ids, self._openings, strict=True))
        for row in rows:
            expected[row["productId"]] += row["quantity"]
        actual = {one["_id"]: one["stock"] for one in database["products"].find({}, {"stock": 1})}
        assert actual == expected

    def _assert_batch(self, batch: Batch, rows: Sequence[dict[str, Any]]) -> None:
        applied = {self._places[row["productId"]]: row["newStock"] for row in rows}
        assert len(applied) == len(rows), "an item was applied twice"
        for row in rows:
            assert row["quantity"] == batch.quantity(self._places[row["productId"]])
        for chunk in batch.chunks():
            assert len(chunk & applied.keys()) in (0, len(chunk)), "part of a chunk was applied"
        for answer in batch.answers:
            place = batch.places[answer["index"]]
            if answer["success"]:
                assert applied[place] == answer["newStock"]
            elif answer["error"]["retryable"]:
                assert place not in applied, "an item was said to have changed nothing"


def wait_for_rows(server: ServerProcess, more: int = 1) -> None:
    """Wait until the ledger has grown by that many rows, including those of open transactions."""
    with server.mongo() as client:
        ledger = client["stockbatch"]["stockUpdates"]
        enough = ledger.estimated_document_count() + more
        until(lambda: ledger.estimated_document_count() >= enough, "the rows")
