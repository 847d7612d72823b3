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
from server.rest.csv_rows import CsvRows
from server.rest.json_body import items_of, read_object, read_whole
from server.rest.kind import Kind
from server.rest.ndjson import NdjsonRows
from server.rest.options import Options, from_query
from server.rest.refusal import Refused, bad_input, json_answer
from server.rest.rows import Rows, blocks

_JSON = "application/json"
_STREAMS: Mapping[str, type[NdjsonRows | CsvRows]] = {
    "application/x-ndjson": NdjsonRows,
    "text/csv": CsvRows,
}


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
    media_type = _media_type(request)
    if media_type == _JSON:
        submitted = await _submit_whole(request, kind, submissions, max_request_bytes)
    else:
        rows = _STREAMS[media_type](kind)
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
    async with aclosing(request.stream()) as body:
        sent = read_object(await read_whole(body, max_request_bytes))
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


def _media_type(request: Request) -> str:
    media_type, *parameters = request.headers.get("Content-Type", "").split(";")
    name = media_type.strip().lower()
    if name != _JSON and name not in _STREAMS:
        raise _unsupported(f"A body is {_JSON}, {' or '.join(_STREAMS)}.")
    for parameter in parameters:
        attribute, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if attribute.strip().lower() == "charset" and charset not in ("utf-8", "utf8", "us-ascii"):
            raise _unsupported("A body is in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _unsupported("A body is sent as it is, without a Content-Encoding.")
    return name


def _unsupported(message: str) -> Refused:
    return Refused(415, "UNSUPPORTED_MEDIA_TYPE", message)
