"""The outbox: the successes that are still to be published, in the chunks they come from.

A chunk's transaction counts its successes in `publishingCount`. A publisher claims the chunk under
a lease of its own, and adds each success to `publications` once it is published or given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from bson import ObjectId
from pymongo import ReturnDocument

from server.domain.item_result import Publication
from server.domain.outcome import Failed, Outcome
from server.domain.stored_batch import LEASE_SECONDS, Lease
from server.mongo.batches.documents import ToOutcome, chunk_id
from server.mongo.collections import CHUNKS_TO_PUBLISH
from server.mongo.connection.document import Document, present, until
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The successes of one chunk that wait to be published, and the lease on publishing them."""

    lease: Lease
    outcomes: Sequence[Outcome]


class Publications:
    def __init__(
        self, database: Database, to_outcome: ToOutcome, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._to_outcome = to_outcome
        self.lease_seconds = lease_seconds
        self._chunks = database["batchChunks"]

    async def claim(self) -> Outbox | None:
        """Claim a chunk with something to publish that no other process publishes; None if none."""
        token = uuid4().hex
        free = {"$lte": [{"$ifNull": ["$publisher.expiresAt", "$$NOW"]}, "$$NOW"]}
        with translated():
            found = await self._chunks.find_one_and_update(
                {"publishingCount": {"$gt": 0}, "$expr": free},
                [{"$set": {"publisher": {"token": token, "expiresAt": until(self.lease_seconds)}}}],
                hint=CHUNKS_TO_PUBLISH,
                projection={"items": 0},
                return_document=ReturnDocument.AFTER,
            )
        return self._outbox(found, token) if found else None

    async def renew(self, lease: Lease) -> bool:
        """Renew the lease, and return whether it was still held."""
        with translated():
            result = await self._chunks.update_one(
                _held(lease), [{"$set": {"publisher.expiresAt": until(self.lease_seconds)}}]
            )
        return bool(result.matched_count)

    async def record(self, lease: Lease, publications: Sequence[Publication]) -> bool:
        """Record how these ended. Return False, and record nothing, if the lease was lost."""
        failures = sum(publication.error is not None for publication in publications)
        ended = [_document(publication) for publication in publications]
        with translated():
            result = await self._chunks.update_one(
                _held(lease),
                {
                    "$push": {"publications": {"$each": ended}},
                    "$inc": {
                        "publishingCount": -len(publications),
                        "publishedCount": len(publications) - failures,
                        "unpublishedCount": failures,
                    },
                },
            )
        return bool(result.matched_count)

    async def give_back(self, lease: Lease) -> None:
        """Free the chunk, so that another process can publish the rest of it."""
        with translated():
            await self._chunks.update_one(_held(lease), {"$unset": {"publisher": ""}})

    async def try_again(self, batch_id: str) -> None:
        """Return the batch's publications that were given up to the outbox."""
        published = {
            "$filter": {
                "input": "$publications",
                "as": "publication",
                "cond": {"$eq": [{"$type": "$$publication.error"}, "missing"]},
            }
        }
        with translated():
            await self._chunks.update_many(
                {"batchId": ObjectId(batch_id), "unpublishedCount": {"$gt": 0}},
                [
                    {
                        "$set": {
                            "publications": published,
                            "publishingCount": {"$add": ["$publishingCount", "$unpublishedCount"]},
                            "unpublishedCount": 0,
                        }
                    }
                ],
            )

    def _outbox(self, document: Document, token: str) -> Outbox:
        ended = {publication["index"] for publication in document["publications"]}
        outcomes = [
            self._to_outcome(outcome)
            for outcome in document["outcomes"]
            if outcome["index"] not in ended
        ]
        return Outbox(
            lease=Lease(batch_id=str(document["batchId"]), index=document["index"], token=token),
            outcomes=[outcome for outcome in outcomes if not isinstance(outcome, Failed)],
        )


def _held(lease: Lease) -> Document:
    return {"_id": chunk_id(lease.batch_id, lease.index), "publisher.token": lease.token}


def _document(publication: Publication) -> Document:
    return {"index": publication.index} | present(txId=publication.tx_id, error=publication.error)
