"""Whether a batch did what it says, as the database tells it."""

from collections import Counter
from typing import Any

from bson import ObjectId

from bench import database
from bench.answer import WrongAnswer
from bench.setting import Setting


def check_exactness(setting: Setting, batch_id: str) -> None:
    """
    Raises:
        WrongAnswer: an item has not exactly one outcome and one row, or the stock is not what the
            ledger says.
    """
    store = setting.client[database.NAME]
    batch: Any = store["batchOperations"].find_one({"_id": ObjectId(batch_id)})
    indexes: Counter[int] = Counter()
    counts: Counter[str] = Counter()
    for chunk in store["batchChunks"].find({"batchId": batch["_id"]}):
        _require(chunk["status"] == "done", "a chunk is not done")
        indexes.update(one["index"] for one in chunk["outcomes"])
        counts.update(one["kind"] for one in chunk["outcomes"])
    _require(indexes == Counter(range(batch["totalItems"])), "an item has not one outcome")
    _require(batch["successCount"] == counts["applied"], "successCount is not what was applied")
    _require(batch["failureCount"] == counts["failed"], "failureCount is not what failed")
    rows = Counter(
        {
            one["_id"]: one["count"]
            for one in store["stockUpdates"].aggregate(
                [
                    {"$match": {"batchId": batch["_id"]}},
                    {"$group": {"_id": "$status", "count": {"$sum": 1}}},
                ]
            )
        }
    )
    _require(rows == counts, f"the ledger has {rows}, the results {counts}")
    applied = {
        one["_id"]: one["sum"]
        for one in store["stockUpdates"].aggregate(
            [
                {"$match": {"status": "applied"}},
                {"$group": {"_id": "$productId", "sum": {"$sum": "$quantity"}}},
            ]
        )
    }
    for product in store["products"].find({}, {"stock": 1}):
        opening = setting.opening.get(str(product["_id"]))
        if opening is not None:
            expected = opening + applied.get(product["_id"], 0)
            _require(product["stock"] == expected, f"the stock of {product['_id']}")


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise WrongAnswer(f"The batch is not exact: {fault}.")
