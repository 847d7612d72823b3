"""The one database that everything here is measured on: a temporary `mongod` with products."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

from bench.batch import Stocks
from server.bootstrap import utc_now
from server.domain.product import Product
from server.mongo.documents import from_product
from server.mongo.embedded import EmbeddedMongod

NAME = "bench"
_OPENING_STOCK = 1_000_000  # more than all batches together take


@contextmanager
def running_mongod(folder: Path) -> Iterator[str]:
    """A mongod with its files in `folder`, stopped on leaving; the URI that leads to it.

    The kernel ends it if this thread ends, so this must be called in the main thread.
    """
    mongod = EmbeddedMongod(folder)
    with asyncio.Runner() as runner:
        runner.run(mongod.start())
        try:
            yield mongod.uri
        finally:
            runner.run(mongod.stop())


def put_products(client: MongoClient[dict[str, Any]], count: int) -> dict[str, int]:
    """Insert that many products; their opening stocks, by id."""
    now = utc_now()
    products = [
        Product(
            id=str(ObjectId()),
            name=f"Product {number:05}",
            price=1000 + number % 500,
            stock=_OPENING_STOCK,
            category=f"category {number % 20}",
            discontinued=False,
            created_at=now,
            updated_at=now,
        )
        for number in range(count)
    ]
    client[NAME]["products"].insert_many([from_product(product) for product in products])
    return {product.id: product.stock for product in products}


def verify_ledger(
    client: MongoClient[dict[str, Any]], opening: dict[str, int], stocks: Stocks
) -> int:
    """Compare stocks and ledger with what they must be by now; the number of the ledger's rows.

    Raises:
        WrongAnswer: they differ.
    """
    pipeline: list[dict[str, Any]] = [
        {"$match": {"status": "applied"}},
        {"$group": {"_id": "$productId", "sum": {"$sum": "$quantity"}, "rows": {"$sum": 1}}},
    ]
    explained, rows = dict(opening), 0
    for one in client[NAME]["stockUpdates"].aggregate(pipeline):
        explained[str(one["_id"])] += one["sum"]
        rows += one["rows"]
    found = client[NAME]["products"].find({}, {"stock": 1})
    stocks.verify_all({str(one["_id"]): one["stock"] for one in found})
    stocks.verify_all(explained)
    return rows
