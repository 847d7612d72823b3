"""Stored batches as a caller sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import UNFINISHED, VISIBLE
from server.domain.listing import BatchOperationFilter, Page, PageRequest
from server.mongo.batches.counts import progress
from server.mongo.batches.documents import NO_PROGRESS, to_batch_operation
from server.mongo.collections import BATCHES_BY_CREATION, BATCHES_BY_STATUS
from server.mongo.connection.driver import SNAPSHOT, Database, Document
from server.mongo.connection.errors import translated
from server.mongo.paging.listing import Listing, count, read_page

_BY_TYPE = "operationType_1_createdAt_1__id_1"
_VISIBLE = [state.value for state in VISIBLE]
_UNFINISHED = [state.value for state in UNFINISHED]


class BatchReads:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches = database["batchOperations"]
        self._snapshot = self._batches.with_options(read_concern=SNAPSHOT)

    async def by_id(self, batch_id: str) -> BatchProgress | None:
        """The batch as it is now."""
        with translated():
            document = await self._snapshot.find_one(
                {"_id": ObjectId(batch_id), "status": {"$in": _VISIBLE}}
            )
            if document is None:
                return None
            (batch,) = await self._with_progress([document])
            return batch

    async def page(self, where: BatchOperationFilter, request: PageRequest) -> Page[BatchProgress]:
        """Newest first."""
        found = await read_page(self._snapshot, _listing(where), request, dict)
        with translated():
            batches = await self._with_progress(found.items)
        return Page(
            items=batches,
            cursors=found.cursors,
            has_next=found.has_next,
            has_previous=found.has_previous,
        )

    async def count(self, where: BatchOperationFilter) -> int:
        return await count(self._snapshot, _listing(where))

    async def _with_progress(self, documents: Sequence[Any]) -> list[BatchProgress]:
        moving = [
            one["_id"] for one in documents if one["status"] in _UNFINISHED or one["publishes"]
        ]
        sums = await progress(self._database, moving)
        return [
            to_batch_operation(
                one, sums.get(one["_id"], NO_PROGRESS) if one["_id"] in moving else None
            )
            for one in documents
        ]


def _listing(where: BatchOperationFilter) -> Listing:
    statuses = [where.state.value] if where.state else _VISIBLE
    conditions: list[Document] = [{"status": {"$in": statuses}}]
    index = BATCHES_BY_CREATION
    if where.kind is not None:
        conditions.append({"operationType": {"$eq": where.kind}})
        index = _BY_TYPE
    if where.state is not None:
        index = BATCHES_BY_STATUS
    return Listing(
        query={"$and": conditions},
        order="NEWEST_BATCH",
        key="createdAt",
        value_type=datetime,
        direction=-1,
        index=index,
    )
