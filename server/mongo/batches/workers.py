"""Signs of life of workers, in the collection `workers`, by the database's clock."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from server.domain.death import Death
from server.domain.queue_state import SILENT_SECONDS
from server.domain.system_state import WorkerState
from server.mongo.connection.document import Document, until
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

_FORGET_SECONDS: Final = 10 * SILENT_SECONDS
_MOST_WORKERS: Final = 10_000  # to count
_MOST_SHOWN: Final = 1_000
_SEEN_MS: Final = 1_000
_SILENT_MS: Final = timedelta(seconds=SILENT_SECONDS) // timedelta(milliseconds=1)


class Workers:
    """One document for each worker that lives. MongoDB deletes those that have long been silent.

    They are written and read without majority: if an election loses one, the next comes soon.
    """

    def __init__(self, database: Database) -> None:
        self._workers = database["workers"].with_options(
            read_concern=ReadConcern("local"), write_concern=WriteConcern(1)
        )

    async def beat(self, name: str) -> None:
        """Note that the worker lives.

        Raises:
            StoreError: the database did not answer.
        """
        with translated():
            await self._workers.update_one(
                {"_id": name},
                [{"$set": {"seenAt": "$$NOW", "forgetAt": until(_FORGET_SECONDS)}}],
                upsert=True,
            )

    async def leave(self, name: str) -> None:
        """Note that the worker ends on purpose: what it leaves undone is no sign of a death.

        Raises:
            StoreError: the database did not answer.
        """
        with translated():
            await self._workers.update_one(
                {"_id": name},
                [
                    {
                        "$set": {
                            "seenAt": "$$NOW",
                            "leftAt": "$$NOW",
                            "forgetAt": until(_FORGET_SECONDS),
                        }
                    }
                ],
                upsert=True,
            )

    async def still_dead(self, deaths: Sequence[Death]) -> Sequence[Death]:
        """Return the deaths without those of workers that were seen later, or left on purpose.

        Such a worker was slow, paused, or cut off from the database.

        Raises:
            StoreError: the database did not answer.
        """
        names = {death.worker for death in deaths if death.worker is not None}
        with translated():
            found = {
                worker["_id"]: worker
                for worker in await self._workers.find({"_id": {"$in": [*names]}}).to_list(None)
            }
        return [
            death
            for death in deaths
            if (worker := found.get(death.worker)) is None
            or not ("leftAt" in worker or worker["seenAt"] > death.at)
        ]

    async def states(self) -> Sequence[WorkerState]:
        """Return the workers that were seen in the last minutes, the one seen last first.

        Raises:
            StoreError: the database did not answer within a second.
        """
        since: Document = {"$subtract": ["$$NOW", _SILENT_MS]}
        with translated():
            found = await self._workers.find(
                {},
                {"seenAt": 1, "leftAt": 1, "isAlive": {"$gt": ["$seenAt", since]}},
                sort=[("seenAt", -1), ("_id", 1)],
                limit=_MOST_SHOWN,
                max_time_ms=_SEEN_MS,
            ).to_list(None)
        return [
            WorkerState(
                name=worker["_id"],
                seen_at=worker["seenAt"],
                left_at=worker.get("leftAt"),
                is_alive=worker["isAlive"] and "leftAt" not in worker,
            )
            for worker in found
        ]

    async def seen(self) -> int:
        """Return how many workers gave a sign of life in the last `SILENT_SECONDS`.

        Raises:
            StoreError: the database did not answer within a second.
        """
        since: Document = {"$subtract": ["$$NOW", _SILENT_MS]}
        with translated():
            return await self._workers.count_documents(
                {"leftAt": {"$exists": False}, "$expr": {"$gt": ["$seenAt", since]}},
                limit=_MOST_WORKERS,
                maxTimeMS=_SEEN_MS,
            )
