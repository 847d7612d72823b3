"""How far a stored batch is: the sum over its chunks, read along an index that holds all of it.

A counter that all chunks' transactions changed would have them conflict with each other.
"""

from collections.abc import Mapping, Sequence

from bson import ObjectId

from server.mongo.collections import CHUNKS_BY_PROGRESS
from server.mongo.connection.driver import Database

Progress = Mapping[str, int]


async def progress(database: Database, ids: Sequence[ObjectId]) -> dict[ObjectId, Progress]:
    """The sums over the chunks of each of these batches; none for one without chunks."""
    if not ids:
        return {}
    reply = await database.command(
        {
            "aggregate": "batchChunks",
            "pipeline": [
                {"$match": {"batchId": {"$in": list(ids)}}},
                {
                    "$group": {
                        "_id": "$batchId",
                        "success": {"$sum": "$successCount"},
                        "failure": {"$sum": "$failureCount"},
                        "publishing": {"$sum": "$publishingCount"},
                        "published": {"$sum": "$publishedCount"},
                        "unpublished": {"$sum": "$unpublishedCount"},
                    }
                },
            ],
            "hint": CHUNKS_BY_PROGRESS,
            "cursor": {"batchSize": len(ids) + 1},
            "readConcern": {"level": "majority"},
        }
    )
    return {one["_id"]: one for one in reply["cursor"]["firstBatch"]}
