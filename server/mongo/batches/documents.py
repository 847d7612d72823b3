"""Batches as they stand in `batchOperations`, and back again."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from bson import ObjectId

from server.domain.batch_progress import BatchProgress, PublicationProgress
from server.domain.batch_state import BatchState
from server.domain.options import BatchOptions
from server.domain.stored_batch import Chunk, StoredBatch
from server.mongo.batches.queue import chunk_id
from server.mongo.batches.stored_values import to_stored_input
from server.mongo.connection.driver import Document
from server.mongo.products.documents import present
from server.mongo.products.products import LONG_AGO

_OPTIONS = {field.name for field in fields(BatchOptions)}  # a newer server may know more
NO_PROGRESS: Mapping[str, int] = {
    "success": 0, "failure": 0, "publishing": 0, "published": 0, "unpublished": 0,
}  # fmt: skip


def from_batch(batch: StoredBatch, status: str) -> Document:
    document: Document = {
        "_id": ObjectId(batch.id),
        "operationType": batch.kind,
        "status": status,
        "options": present(**asdict(batch.options)),
        "settings": dict(batch.settings),
        "totalItems": batch.total_items,
        "chunks": batch.chunks,
        "lanes": batch.lanes,
        "createdBy": batch.created_by,
        "createdAt": batch.created_at,
        "successCount": 0,
        "failureCount": 0,
        "cancelRequested": batch.cancel_requested,
        "wasSubmitted": batch.was_submitted,
        "publishes": batch.publishes,
        "isRefused": batch.is_refused,
    }
    return document | present(
        retryOf=ObjectId(batch.retry_of) if batch.retry_of else None,
        idempotencyKey=batch.key,
        content=batch.content,
    )


def to_stored_batch(document: Mapping[str, Any]) -> StoredBatch:
    return StoredBatch(
        id=str(document["_id"]),
        kind=document["operationType"],
        settings=document["settings"],
        options=BatchOptions(
            **{name: one for name, one in document["options"].items() if name in _OPTIONS}
        ),
        lanes=document["lanes"],
        chunks=document["chunks"],
        total_items=document["totalItems"],
        created_by=document["createdBy"],
        created_at=document["createdAt"],
        was_submitted=document["wasSubmitted"],
        publishes=document["publishes"],
        is_refused=document["isRefused"],
        retry_of=str(document["retryOf"]) if "retryOf" in document else None,
        key=document.get("idempotencyKey"),
        content=document.get("content"),
        cancel_requested=document["cancelRequested"],
        failing=document.get("failing"),
    )


def to_batch_operation(
    document: Mapping[str, Any], progress: Mapping[str, int] | None
) -> BatchProgress:
    """`progress` is the sum over its chunks; None if the document's own counts are final."""
    counts = progress or NO_PROGRESS
    publication = PublicationProgress(
        pending=counts["publishing"], published=counts["published"], failed=counts["unpublished"]
    )
    return BatchProgress(
        id=str(document["_id"]),
        kind=document["operationType"],
        state=BatchState(document["status"]),
        total_items=document["totalItems"],
        success_count=counts["success"] if progress else document["successCount"],
        failure_count=counts["failure"] if progress else document["failureCount"],
        created_by=document["createdBy"],
        created_at=document["createdAt"],
        started_at=document.get("startedAt"),
        completed_at=document.get("completedAt"),
        error=document.get("error"),
        retry_of=str(document["retryOf"]) if "retryOf" in document else None,
        publication=publication if document["publishes"] else None,
    )


def from_chunk(
    batch: StoredBatch, chunk: Chunk, *, blocked: bool, reserved: Document | None = None
) -> Document:
    """`reserved` is the lease of the request that stores the chunk for itself."""
    document: Document = {
        "_id": chunk_id(batch.id, chunk.index),
        "batchId": ObjectId(batch.id),
        "index": chunk.index,
        "operationType": batch.kind,
        "first": chunk.items[0].index,
        "last": chunk.items[-1].index,
        "status": "pending",
        "blocked": blocked,
        "due": batch.created_at,  # until it could run
        "readyAt": LONG_AGO,  # now, by every clock
        "attempts": 0,
        "crashes": 0,
        "afterFailure": False,
        "items": [
            {"index": item.index, "input": to_stored_input(item.input)} for item in chunk.items
        ],
        "outcomes": [],
        "successCount": 0,
        "failureCount": 0,
        "publishingCount": 0,
        "publishedCount": 0,
        "unpublishedCount": 0,
    }
    if batch.publishes:
        document["publications"] = []
    return document | present(lease=reserved)
