"""`POST /api/batches/batch-…`: read a request, whatever its format, and submit it."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.batch.request import BatchRequest
from server.batch.submissions import Submissions, Submitted
from server.domain.errors import BadInput
from server.domain.idempotency import idempotency_key
from server.domain.item_result import Input
from server.domain.text import shown
from server.http.json_answer import json_answer
from server.http.refused import bad_input
from server.http.request_body import JSON, media_type, read_whole
from server.rest.csv_rows import CsvRows
from server.rest.json_body import items_of, read_object
from server.rest.kind import Kind
from server.rest.ndjson import NdjsonRows
from server.rest.options import Options, from_query
from server.rest.rows import Rows, blocks

_STREAMS: Mapping[str, type[NdjsonRows | CsvRows]] = {
    "application/x-ndjson": NdjsonRows,
    "text/csv": CsvRows,
}
_INSTEAD = "send less, or NDJSON or CSV, which may be of any length"


async def submit(
    request: Request, kind: Kind, submissions: Submissions, *, max_request_bytes: int
) -> Response:
    """
    Raises:
        Refused: with all that is wrong with the request.
        BadInput: a line of a stream is wrong.
        RequestError: any other that `Submissions` raises.
        StoreError: the database failed; nothing is stored, unless it is CommitUnknown.
    """
    sent_as = media_type(request, [JSON, *_STREAMS])
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
        "message": f"Batch {kind.title} initiated",
        "batchId": batch.id,
        "status": batch.status.value,
        "totalItems": batch.total_items,
    }
    return json_answer(answer, 201, headers)


async def _submit_whole(
    request: Request, kind: Kind, submissions: Submissions, max_request_bytes: int
) -> Submitted:
    faults = [
        f"There is no parameter {shown(name)}: in JSON, options stand beside {kind.items}."
        for name in request.query_params
    ]
    body = await read_whole(request, max_request_bytes, instead=_INSTEAD)
    sent = read_object(body)
    items: Sequence[Input] = items_of(kind, sent, faults)
    return await submissions.submit(_batch_request(request, kind, sent, faults), items)


async def _submit_stream(
    request: Request, kind: Kind, submissions: Submissions, rows: Rows
) -> Submitted:
    faults: list[str] = []
    sent = from_query(kind, request.query_params, faults)
    batch_request = _batch_request(request, kind, sent, faults)
    async with aclosing(request.stream()) as body, aclosing(blocks(body, rows)) as items:
        return await submissions.submit_stream(batch_request, items)


def _batch_request(
    request: Request, kind: Kind, sent: Mapping[str, Any], faults: list[str]
) -> BatchRequest:
    options = Options(kind, sent, faults)
    operation, batch_options = options.operation(), options.batch()
    key = _idempotency_key(request, faults)
    if faults:
        raise bad_input(faults)
    return BatchRequest(operation=operation, options=batch_options, key=key)


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
