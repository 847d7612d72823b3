"""Reading when the chunks of a batch were done, along an index that holds all that it takes."""

from collections.abc import Mapping

from bson import ObjectId

from server.domain.throughput import Intervals, Processed
from server.mongo.collections import CHUNKS_BY_END
from server.mongo.connection.document import LONG_AGO, Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated


class ThroughputReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def processed(self, batch_id: str, intervals: Intervals) -> Mapping[int, Processed]:
        """Return what was processed in each interval that is not empty, read with one command.

        The clocks of the database and the server may differ: what was done before the first
        interval counts for it, and what was done after the last one for that.

        Raises:
            StoreError: the database did not answer.
        """
        with translated():
            reply = await self._database.command(throughput_command(batch_id, intervals))
        return {
            int(found["_id"]): Processed(
                items=found["successes"] + found["failures"], failed=found["failures"]
            )
            for found in reply["cursor"]["firstBatch"]
        }


def throughput_command(batch_id: str, intervals: Intervals) -> Document:
    """Return the command that sums up what was processed in each interval."""
    since = {"$subtract": ["$doneAt", intervals.start]}
    place = {"$floor": {"$divide": [since, intervals.milliseconds]}}
    bounded = {"$max": [0, {"$min": [intervals.count - 1, place]}]}
    return {
        "aggregate": "batchChunks",
        "pipeline": [
            {"$match": {"batchId": ObjectId(batch_id), "doneAt": {"$gt": LONG_AGO}}},
            {
                "$group": {
                    "_id": bounded,
                    "successes": {"$sum": "$successCount"},
                    "failures": {"$sum": "$failureCount"},
                }
            },
        ],
        "hint": CHUNKS_BY_END,
        "cursor": {"batchSize": intervals.count + 1},
        "readConcern": {"level": "majority"},
    }
