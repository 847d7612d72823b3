"""The stored batches over REST: list them, cancel one, and try again what failed."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.batches.idempotency.key import request_key
from server.batches.stored.control import BatchControl
from server.batches.stored.submissions import Submitted
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import VISIBLE
from server.domain.errors import quoted
from server.domain.listing import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    BatchOperationFilter,
    PageRequest,
)
from server.kinds.registry import KINDS
from server.mongo.batches.batch_reads import BatchReads
from server.web.body import JSON, read_object, read_whole, require_media_type
from server.web.identity.authentication import account_of, caller_of
from server.web.json_value import json_answer
from server.web.key import key_headers
from server.web.refusal import bad_input
from server.web.rest.exports.parameters import Parameters
from server.web.rest.poll import progress_fields

_PARAMETERS = ("status", "operationType", "first", "after")
_STATES = {state.value: state for state in VISIBLE}
_KINDS = {kind.path: kind.name for kind in KINDS.values()}


async def list_batches(request: Request, batches: BatchReads) -> Response:
    """Return a page of the batches that the caller sees, newest first.

    Raises:
        Refused: a parameter is wrong. BadInput: the cursor or the size of the page is.
        StoreError: the database failed.
    """
    sent = Parameters(request, _PARAMETERS)
    where = BatchOperationFilter(
        state=sent.one_of("status", _STATES),
        kind=sent.one_of("operationType", _KINDS),
        created_by=caller_of(request).sees_batches_of,
    )
    first = sent.number("first", least=1, most=MAX_PAGE_SIZE)
    sent.check()
    after = request.query_params.get("after") or None
    page = await batches.page(where, PageRequest(first=first or DEFAULT_PAGE_SIZE, after=after))
    answer = {
        "batches": [progress_fields(batch) for batch in page.items],
        "next": page.cursors[-1] if page.has_next else None,
    }
    return json_answer(answer)


async def require_nothing(request: Request, max_request_bytes: int) -> None:
    """Check that the body is an empty JSON object.

    A request without a body could be sent by a page of another origin without being asked first.

    Raises:
        Refused: it is something else, or there are parameters.
    """
    require_media_type(request, [JSON])
    sent = read_object(await read_whole(request, max_request_bytes))
    faults = [f"There is no key {quoted(name)}: send {{}}." for name in sent]
    faults += [f"There is no parameter {quoted(name)}." for name in request.query_params]
    if faults:
        raise bad_input(faults)


async def cancel_batch(request: Request, batch: BatchProgress, control: BatchControl) -> Response:
    """Let no other chunk of the batch begin, and return its progress.

    Raises:
        BadInput: it has ended in another way. StoreError: the database failed.
    """
    return json_answer(progress_fields(await control.cancel(batch.id, caller_of(request))))


async def retry_batch(request: Request, batch: BatchProgress, control: BatchControl) -> Response:
    """Submit what failed as a new batch, and return where to ask for its progress.

    Raises:
        BadInput: the batch has not ended, or nothing of it failed.
        RequestError, StoreError: as for any submission.
    """
    key = request_key(key_headers(request))
    submitted = await control.retry(
        batch.id, key, caller_of(request), charged_to=account_of(request)
    )
    return submission_answer(submitted)


def submission_answer(submitted: Submitted, **more: Any) -> Response:
    """Return what the caller of a submission gets; `more` are fields that only it has."""
    batch = submitted.batch
    headers = {"Location": f"/api/batches/{batch.id}"}
    if submitted.replayed:
        headers["Idempotent-Replayed"] = "true"
    what = "Dry run of a batch" if batch.dry_run else "Batch"
    answer = {
        "message": f"{what} {KINDS[batch.kind].title} initiated",
        "batchId": batch.id,
        "dryRun": batch.dry_run,
        "status": batch.state.value,
        "totalItems": batch.total_items,
    }
    return json_answer(answer | more, 201, headers)
