"""`POST /api/batches/batch-…`: read a request, whatever its format, and submit it."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.batches.idempotency.key import idempotency_key
from server.batches.request import BatchRequest
from server.batches.stored.submissions import Submissions, Submitted
from server.domain.errors import BadInput, quoted
from server.domain.item_result import Input
from server.web.body import JSON, read_whole, require_media_type
from server.web.json_value import json_answer
from server.web.refusal import bad_input
from server.web.rest.csv_rows import CsvRows
from server.web.rest.json_body import items_of, read_object
from server.web.rest.kind import RestKind
from server.web.rest.ndjson import NdjsonRows
from server.web.rest.options import from_query, read_batch_options, read_work
from server.web.rest.rows import Rows, blocks

_STREAMS: Mapping[str, type[NdjsonRows | CsvRows]] = {
    "application/x-ndjson": NdjsonRows,
    "text/csv": CsvRows,
}
_INSTEAD = "send less, or NDJSON or CSV, which may be of any length"


async def submit(
    request: Request, kind: RestKind, submissions: Submissions, *, max_request_bytes: int
) -> Response:
    """
    Raises:
        Refused: with all that is wrong with the request.
        BadInput: a line of a stream is wrong.
        RequestError: any other that `Submissions` raises.
        StoreError: the database failed; nothing is stored, unless it is CommitUnknown.
    """
    sent_as = require_media_type(request, [JSON, *_STREAMS])
    if sent_as == JSON:
        submitted = await _submit_whole(request, kind, submissions, max_request_bytes)
    else:
        rows = _STREAMS[sent_as](kind)
        submitted = await _submit_stream(request, kind, submissions, rows)
    batch = submitted.batch
    headers = {"Location": f"/api/batches/{batch.id}"}
    if submitted.replayed:
        headers["Idempotent-Replayed"] = "true"
    answer = {
        "message": f"Batch {kind.kind.title} initiated",
        "batchId": batch.id,
        "status": batch.state.value,
        "totalItems": batch.total_items,
    }
    return json_answer(answer, 201, headers)


async def _submit_whole(
    request: Request, kind: RestKind, submissions: Submissions, max_request_bytes: int
) -> Submitted:
    faults = [
        f"There is no parameter {quoted(name)}: in JSON, options stand beside {kind.kind.argument}."
        for name in request.query_params
    ]
    body = await read_whole(request, max_request_bytes, instead=_INSTEAD)
    sent = read_object(body)
    items: Sequence[Input] = items_of(kind, sent, faults)
    return await submissions.submit(_batch_request(request, kind, sent, faults), items)


async def _submit_stream(
    request: Request, kind: RestKind, submissions: Submissions, rows: Rows
) -> Submitted:
    faults: list[str] = []
    sent = from_query(kind, request.query_params, faults)
    batch_request = _batch_request(request, kind, sent, faults)
    async with aclosing(request.stream()) as body, aclosing(blocks(body, rows)) as items:
        return await submissions.submit_stream(batch_request, items)


def _batch_request(
    request: Request, kind: RestKind, sent: Mapping[str, Any], faults: list[str]
) -> BatchRequest:
    work = read_work(kind, sent, faults)
    options = read_batch_options(sent, faults)
    key = _idempotency_key(request, faults)
    if work is None or faults:
        raise bad_input(faults)
    return BatchRequest(work=work, options=options, key=key)


def _idempotency_key(request: Request, faults: list[str]) -> str | None:
    keys = request.headers.getlist("Idempotency-Key")
    if len(keys) > 1:
        faults.append("There are several headers Idempotency-Key: send one.")
    if not keys:
        return None
    try:
        return idempotency_key(keys[0], "Idempotency-Key")
    except BadInput as error:
        faults.append(str(error))
        return None
