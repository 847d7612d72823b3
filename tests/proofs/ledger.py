"""Whether the ledger explains the stocks."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.database import Database

LARGEST_STOCK = 2**31 - 1


def disagreements(database: Database[dict[str, Any]], opening: Mapping[ObjectId, int]) -> list[str]:
    """Return which stocks are not the opening stock and the applied rows together.

    Of products without an `opening` stock, only the possible stocks at their creation are known.
    Everything is read at one moment.
    """
    found = []
    with database.client.start_session(snapshot=True) as session:
        moved = {
            row["_id"]: row["sum"]
            for row in database["stockUpdates"].aggregate(
                [{"$match": {"status": "applied"}},
                 {"$group": {"_id": "$productId", "sum": {"$sum": "$quantity"}}}],
                session=session,
            )
        }  # fmt: skip
        for product in database["products"].find(session=session):
            first = product["stock"] - moved.get(product["_id"], 0)
            if first != opening.get(product["_id"], first) or not 0 <= first <= LARGEST_STOCK:
                found.append(f"the stock of {product['_id']} is not the sum of its ledger")
    return found
