"""The outbox of prices: what is still to be published, in the chunks that brought it about.

A chunk's own transaction counts what is to be published (`publishingCount`); what has been, or was
given up, is added to `publications`. Both sides go by the chunk, under a lease of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from bson import ObjectId
from pymongo import ReturnDocument

from server.domain.item_result import Publication
from server.domain.outcome import Failed, Outcome
from server.domain.stored_batch import LEASE_SECONDS, Lease
from server.mongo.batches.outcomes import ToOutcome
from server.mongo.batches.queue import chunk_id
from server.mongo.collections import CHUNKS_TO_PUBLISH
from server.mongo.connection.driver import Database, Document, until
from server.mongo.connection.errors import translated
from server.mongo.products.documents import present


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The successes of one chunk that wait to be published, and the lease to publish them."""

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
        """What nobody else is publishing; None if there is nothing."""
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
        """Whether it still was ours; then it is for another while."""
        with translated():
            result = await self._chunks.update_one(
                _held(lease), [{"$set": {"publisher.expiresAt": until(self.lease_seconds)}}]
            )
        return bool(result.matched_count)

    async def record(self, lease: Lease, publications: Sequence[Publication]) -> bool:
        """Whether what became of these was noted; not if somebody else publishes the chunk now."""
        failures = sum(one.error is not None for one in publications)
        with translated():
            result = await self._chunks.update_one(
                _held(lease),
                {
                    "$push": {"publications": {"$each": [_document(one) for one in publications]}},
                    "$inc": {
                        "publishingCount": -len(publications),
                        "publishedCount": len(publications) - failures,
                        "unpublishedCount": failures,
                    },
                },
            )
        return bool(result.matched_count)

    async def give_back(self, lease: Lease) -> None:
        """Let somebody else go on with what is left."""
        with translated():
            await self._chunks.update_one(_held(lease), {"$unset": {"publisher": ""}})

    async def try_again(self, batch_id: str) -> None:
        """Publish again what was given up."""
        given_up = {"$ne": [{"$type": "$$one.error"}, "missing"]}
        kept = {"$filter": {"input": "$publications", "as": "one", "cond": {"$not": [given_up]}}}
        with translated():
            await self._chunks.update_many(
                {"batchId": ObjectId(batch_id), "unpublishedCount": {"$gt": 0}},
                [
                    {
                        "$set": {
                            "publications": kept,
                            "publishingCount": {"$add": ["$publishingCount", "$unpublishedCount"]},
                            "unpublishedCount": 0,
                        }
                    }
                ],
            )

    def _outbox(self, document: Mapping[str, Any], token: str) -> Outbox:
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
