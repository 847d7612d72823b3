"""Batches, their chunks and their items' errors as MongoDB stores them, and back again."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, fields
from typing import Any

from bson import ObjectId

from server.domain.batch_progress import BatchProgress, PublicationProgress
from server.domain.batch_state import BatchState
from server.domain.death import Death
from server.domain.file_form import FileForm
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.options import BatchOptions
from server.domain.outcome import Outcome
from server.domain.stored_batch import (
    Chunk,
    ClaimedChunk,
    Lease,
    StoredBatch,
    StoredItem,
    queued_as,
)
from server.mongo.batches.stored_values import (
    from_stored,
    from_stored_input,
    to_stored,
    to_stored_input,
)
from server.mongo.connection.document import LONG_AGO, Document, present

FAILED = "failed"  # the `kind` of an outcome that is no success

# Reads an entry of `batchChunks.outcomes`. It is passed in: `server.mongo` imports no kind.
ToOutcome = Callable[[Mapping[str, Any]], Outcome]

_OPTIONS = {field.name for field in fields(BatchOptions)}  # a newer server may have stored more


def from_batch(batch: StoredBatch, state: BatchState) -> Document:
    document: Document = {
        "_id": ObjectId(batch.id),
        "operationType": batch.kind,
        "status": state.value,
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
        firstRow=ObjectId(batch.first_row) if batch.first_row else None,
        retryOf=ObjectId(batch.retry_of) if batch.retry_of else None,
        idempotencyKey=None if batch.key is None else str(batch.key),
        content=batch.content,
        caller=batch.caller,
        trace=batch.trace,
        file=from_file_form(batch.file),
    )


def to_stored_batch(document: Document) -> StoredBatch:
    return StoredBatch(
        id=str(document["_id"]),
        kind=document["operationType"],
        settings=document["settings"],
        options=_to_options(document),
        lanes=document["lanes"],
        chunks=document["chunks"],
        total_items=document["totalItems"],
        created_by=document["createdBy"],
        created_at=document["createdAt"],
        was_submitted=document["wasSubmitted"],
        first_row=str(document["firstRow"]) if "firstRow" in document else None,
        publishes=document["publishes"],
        is_refused=document["isRefused"],
        retry_of=str(document["retryOf"]) if "retryOf" in document else None,
        key=document.get("idempotencyKey"),
        content=document.get("content"),
        cancel_requested=document["cancelRequested"],
        failing=document.get("failing"),
        trace=document.get("trace"),
        file=to_file_form(document.get("file")),
    )


def _to_options(document: Document) -> BatchOptions:
    options = {name: value for name, value in document["options"].items() if name in _OPTIONS}
    return BatchOptions(**options)


def from_file_form(form: FileForm | None) -> Document | None:
    if form is None:
        return None
    return present(
        format=form.format,
        encoding=form.encoding,
        hasByteOrderMark=form.has_byte_order_mark or None,
        delimiter=form.delimiter,
        quote=form.quote,
        lineEnd=form.line_end,
    )


def to_file_form(document: Document | None) -> FileForm | None:
    if document is None:
        return None
    return FileForm(
        format=document["format"],
        encoding=document.get("encoding"),
        has_byte_order_mark=document.get("hasByteOrderMark", False),
        delimiter=document.get("delimiter"),
        quote=document.get("quote"),
        line_end=document.get("lineEnd"),
    )


def to_batch_progress(document: Document, sums: Mapping[str, int] | None) -> BatchProgress:
    """Return what a caller sees of the batch.

    `sums` are those of its chunks; None if the counts in `document` are final.
    """
    publication = None
    if document["publishes"] and sums:
        publication = PublicationProgress(
            pending=sums["publishing"], published=sums["published"], failed=sums["unpublished"]
        )
    return BatchProgress(
        id=str(document["_id"]),
        kind=document["operationType"],
        state=BatchState(document["status"]),
        total_items=document["totalItems"],
        success_count=sums["success"] if sums else document["successCount"],
        failure_count=sums["failure"] if sums else document["failureCount"],
        created_by=document["createdBy"],
        created_at=document["createdAt"],
        started_at=document.get("startedAt"),
        completed_at=document.get("completedAt"),
        error=document.get("error"),
        retry_of=str(document["retryOf"]) if "retryOf" in document else None,
        publication=publication,
        dry_run=document["options"].get("dry_run", False),
        options=_to_options(document),
        settings=document["settings"],
        file=to_file_form(document.get("file")),
    )


def chunk_id(batch_id: str, index: int) -> Document:
    """Return the `_id` of a chunk. It holds the batch's id, so every event of a change stream does.

    Source: an event names the document by its `_id` alone.
    """
    return {"batch": ObjectId(batch_id), "index": index}


def from_chunk(
    batch: StoredBatch,
    chunk: Chunk,
    *,
    objects: Collection[str],
    blocked: bool,
    lease: Document | None = None,
    rows: Document | None = None,
) -> Document:
    """Return a chunk to be inserted; `objects` are the fields of its items that are objects."""
    document: Document = {
        "_id": chunk_id(batch.id, chunk.index),
        "batchId": ObjectId(batch.id),
        "index": chunk.index,
        "operationType": queued_as(batch.kind, dry_run=batch.options.dry_run),
        "first": chunk.items[0].index,
        "last": chunk.items[-1].index,
        "status": "pending",
        "blocked": blocked,
        "due": batch.created_at,  # the database's clock replaces it when the chunk may run
        "readyAt": LONG_AGO,
        "attempts": 0,
        "crashes": 0,
        "afterFailure": False,
        "items": [
            {"index": item.index, "input": to_stored_input(item.input, objects)}
            | ({} if item.row is None else {"row": item.row})
            for item in chunk.items
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
    return document | present(lease=lease, rows=rows)


def to_claimed_chunk(document: Document, token: str) -> ClaimedChunk:
    """Return the chunk as it was before this claim, which has the fencing token `token`."""
    answered = {outcome["index"] for outcome in document["outcomes"]}
    earlier = document.get("lease", {})
    has_lapsed = bool(earlier) and "reservedBy" not in earlier
    return ClaimedChunk(
        lease=Lease(batch_id=str(document["batchId"]), index=document["index"], token=token),
        items=[
            StoredItem(index=item["index"], input=from_stored_input(item["input"]))
            for item in document["items"]
            if item["index"] not in answered
        ],
        attempts=document["attempts"],
        crashes=document["crashes"] + has_lapsed,
        after_failure=document["afterFailure"],
        has_failures=document["failureCount"] > 0,
        left_open=earlier.get("sessions", []) if has_lapsed else [],
        deaths=[to_death(death) for death in document.get("deaths", [])]
        + ([_death_under(earlier)] if "applying" in earlier else []),
    )


def to_death(document: Mapping[str, Any]) -> Death:
    return Death(
        first=document["first"],
        last=document["last"],
        at=document["at"],
        worker=document.get("worker"),
    )


def from_death(death: Death) -> Document:
    return {
        "first": death.first,
        "last": death.last,
        "at": death.at,
        **present(worker=death.worker),
    }


def _death_under(lease: Mapping[str, Any]) -> Death:
    """Return the death of a worker whose lease ran out while its transaction was marked."""
    return to_death({**lease["applying"], "at": lease["expiresAt"], "worker": lease["worker"]})


def from_item_error(error: ItemError) -> Document:
    return {
        "code": error.code.value,
        "message": to_stored(error.message),
        "path": [to_stored(step) for step in error.path],
        "retryable": error.retryable,
        **present(currentStock=error.current_stock),
    }


def to_item_error(document: Mapping[str, Any]) -> ItemError:
    return ItemError(
        code=ItemErrorCode(document["code"]),
        message=from_stored(document["message"]),
        path=tuple(from_stored(step) for step in document["path"]),
        retryable=document["retryable"],
        current_stock=document.get("currentStock"),
    )
