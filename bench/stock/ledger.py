"""Whether the database holds what all batches together must have left."""

from typing import Any

from pymongo import MongoClient

from bench.database import NAME
from bench.stock.batch import Stocks


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
