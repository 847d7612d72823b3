"""The one database that everything here is measured on: a temporary `mongod` with products."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

from server.bootstrap import utc_now
from server.domain.product import Product
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.products.documents import from_product

NAME = "bench"
_OPENING_STOCK = 1_000_000  # more than all batches together take

# What is taken away between turns is gone at once, and not kept for old snapshots for 5 minutes:
# the turns after it would have to step over it (one of deletes took 2.5 times as long).
_PARAMETERS = {"minSnapshotHistoryWindowInSeconds": 0}


@contextmanager
def running_mongod(folder: Path) -> Iterator[str]:
    """A mongod with its files in `folder`, stopped on leaving; the URI that leads to it.

    The kernel ends it if this thread ends, so this must be called in the main thread.
    """
    mongod = EmbeddedMongod(folder, _PARAMETERS)
    with asyncio.Runner() as runner:
        runner.run(mongod.start())
        try:
            yield mongod.uri
        finally:
            runner.run(mongod.stop())


def put_products(client: MongoClient[dict[str, Any]], count: int) -> dict[str, int]:
    """Insert that many products, which stay; their opening stocks, by id."""
    documents = new_products(count, "category")
    client[NAME]["products"].insert_many(documents)
    return {str(one["_id"]): one["stock"] for one in documents}


def new_products(count: int, category: str) -> list[dict[str, Any]]:
    """Documents of products in twenty categories whose names begin with `category`."""
    now = utc_now()
    return [
        from_product(
            Product(
                id=str(ObjectId()),
                name=f"Product {number:05}",
                price=1000 + number % 500,
                stock=_OPENING_STOCK,
                category=f"{category} {number % 20}",
                discontinued=False,
                created_at=now,
                updated_at=now,
            )
        )
        for number in range(count)
    ]
