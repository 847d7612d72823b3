"""`GET /api/batches/{id}`: the progress of a batch and its results, as in seed 3."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.batch_progress import BatchProgress
from server.domain.listing import MAX_PAGE_SIZE, PageRequest
from server.domain.place import current_place
from server.kinds.registry import KINDS
from server.mongo.batches.results import BatchResults
from server.web.body import single_parameters
from server.web.json_value import json_answer
from server.web.refusal import bad_input
from server.web.rest.result_fields import iso, polled

_FLAGS = {"true": True, "false": False}


async def poll(request: Request, batch: BatchProgress, results: BatchResults) -> Response:
    """Return the batch, with its first 1000 results unless the parameter `results` is false.

    Raises:
        Refused: a parameter is wrong.
        Overloaded: there is no time for so many results.
        StoreError: the database failed.
    """
    answer = progress_fields(batch)
    if flag(request, "results") is not False:
        if (place := current_place()) is not None:
            await place.weigh(min(batch.processed_items, MAX_PAGE_SIZE))
        page = PageRequest(first=MAX_PAGE_SIZE)
        found = await results.page(batch.id, page)
        answer["results"] = [polled(result) for result in found.items]
    return json_answer(answer | {"resultsUrl": f"/api/batches/{batch.id}/results"})


def flag(request: Request, name: str) -> bool | None:
    """Return the parameter `name`; None if it was left out.

    Raises:
        Refused: it is neither true nor false.
    """
    text = single_parameters(request).get(name)
    if text is None:
        return None
    if text not in _FLAGS:
        raise bad_input([f"The parameter {name} must be true or false."])
    return _FLAGS[text]


def progress_fields(batch: BatchProgress) -> dict[str, Any]:
    """Return the progress of a batch as REST shows it, without its results."""
    publication = batch.publication
    return {
        "batchId": batch.id,
        "operationType": KINDS[batch.kind].path,
        "createdBy": batch.created_by,
        "dryRun": batch.dry_run,
        "status": batch.state.value,
        "successCount": batch.success_count,
        "failureCount": batch.failure_count,
        "processedItems": batch.processed_items,
        "totalItems": batch.total_items,
        "createdAt": iso(batch.created_at),
        "startedAt": iso(batch.started_at),
        "completedAt": iso(batch.completed_at),
        "error": batch.error,
        "retryOf": batch.retry_of,
        "publication": publication
        and {
            "pending": publication.pending,
            "published": publication.published,
            "failed": publication.failed,
        },
    }
