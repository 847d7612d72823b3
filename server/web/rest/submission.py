"""`POST /api/batches/batch-…`: read a request, whatever its format, and submit it."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.batches.idempotency.key import request_key
from server.batches.request import BatchRequest
from server.batches.stored.submissions import Submissions, Submitted
from server.domain.errors import BadInput, quoted
from server.domain.item_result import Input
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE, BatchOptions
from server.domain.refusal import answered_with
from server.domain.whole_number import not_whole, whole_number
from server.kinds.kind import BatchWork
from server.kinds.kind_option import read_settings
from server.web.admission.admission import Admission, Newcomer, work_of
from server.web.body import JSON, read_body, read_whole, repeated_parameters, require_media_type
from server.web.identity.authentication import account_of, caller_of
from server.web.json_value import json_answer
from server.web.key import key_headers
from server.web.refusal import bad_input
from server.web.rest.files.cells import READERS
from server.web.rest.files.media_types import KNOWN, OTHER_CHARSETS
from server.web.rest.files.parameters import NAMES, read_parameters
from server.web.rest.files.reading import FileReading
from server.web.rest.files.sent import sent_file
from server.web.rest.json_body import Faults, items_of
from server.web.rest.kind import BATCH_SIZE, RestKind
from server.web.rest.rows import StreamLimits

_INSTEAD = "send less, or NDJSON or CSV, which may be far longer"


async def submit(
    request: Request,
    kind: RestKind,
    submissions: Submissions,
    *,
    max_request_bytes: int,
    stream_limits: StreamLimits,
    admission: Admission,
) -> Response:
    """Submit the batch that a request asks for, and return where to ask for its progress.

    Raises:
        Refused: the request is wrong; it names all that is.
        BadInput: a line of a stream is wrong. BatchTooLarge: it has too many items.
        RequestError: any other that `Submissions` raises.
        StoreError: the database failed; nothing is stored, unless it is CommitUnknown.
    """
    media_type = require_media_type(request, [JSON, *KNOWN], other_charsets=OTHER_CHARSETS)
    told: dict[str, Any] = {}
    if media_type == JSON:
        body = await read_whole(request, max_request_bytes, instead=_INSTEAD)
        newcomer = Newcomer(caller=account_of(request), work=work_of(len(body)))
        async with admission.admitted(newcomer):
            submitted = await _submit_whole(request, kind, submissions, body)
    else:  # a stream is admitted when it begins, and then waits for its sender
        submitted, told = await _submit_file(request, kind, submissions, stream_limits)
    batch = submitted.batch
    headers = {"Location": f"/api/batches/{batch.id}"}
    if submitted.replayed:
        headers["Idempotent-Replayed"] = "true"
    answer = {
        "message": f"Batch {kind.kind.title} initiated",
        "batchId": batch.id,
        "status": batch.state.value,
        "totalItems": batch.total_items,
        **told,
    }
    return json_answer(answer, 201, headers)


async def _submit_whole(
    request: Request, kind: RestKind, submissions: Submissions, body: bytes
) -> Submitted:
    faults = Faults(
        [
            f"There is no parameter {quoted(name)}: in JSON, options stand beside "
            f"{kind.kind.argument}."
            for name in request.query_params
        ]
    )
    sent = await read_body(body, account_of(request))
    items: Sequence[Input] = await items_of(kind, sent, faults)
    batch_request = _batch_request(request, kind, sent, faults)
    with answered_with(batch_request.key):
        return await submissions.submit(batch_request, items)


async def _submit_file(
    request: Request, kind: RestKind, submissions: Submissions, limits: StreamLimits
) -> tuple[Submitted, dict[str, Any]]:
    """Submit the items of a file; return what the sender is told of the file, too."""
    faults = Faults(repeated_parameters(request))
    async with aclosing(request.stream()) as body:
        sent = await sent_file(request, body)
        query = {**request.query_params, **sent.fields}
        faults.worded += [
            f"The parameter {quoted(name)} is there 2 times: send it once."
            for name in sent.fields
            if name in request.query_params
        ]
        reading = FileReading(sent, read_parameters(query, kind, faults.worded), kind, limits)
        options = options_in_query(kind, query, faults.worded)
        batch_request = replace(_batch_request(request, kind, options, faults), file=reading.form)
        async with aclosing(reading.items()) as items:
            with answered_with(batch_request.key):
                submitted = await submissions.submit_stream(batch_request, items)
    return submitted, {"file": reading.report()}


def options_in_query(kind: RestKind, query: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """Return the parameters of a stream as the values that a JSON body would have.

    Unknown parameters are added to `faults`.
    """
    known = ", ".join([*kind.options, *NAMES])
    faults += [
        f"There is no parameter {quoted(name)}: there may be {known}."
        for name in query
        if name not in kind.options and name not in NAMES
    ]
    return {
        name: READERS[kind.options[name]](text)
        for name, text in query.items()
        if text and name in kind.options
    }


def _batch_request(
    request: Request, kind: RestKind, sent: Mapping[str, Any], faults: Faults
) -> BatchRequest:
    work = _work(kind, sent, faults.worded)
    options = _batch_options(sent, faults.worded)
    key = _key(request, faults.worded)
    if work is None or faults:
        raise bad_input(faults.worded, faults.more)
    return BatchRequest(
        work=work,
        options=options,
        created_by=caller_of(request).name,
        charged_to=account_of(request),
        key=key,
    )


def _work(kind: RestKind, sent: Mapping[str, Any], faults: list[str]) -> BatchWork[Any, Any] | None:
    """Return the work of the batch; None if an option is wrong, and then `faults` says why."""
    faults_before = len(faults)
    settings = read_settings(kind.kind.options, sent, faults)
    return kind.kind.work(settings) if len(faults) == faults_before else None


def _batch_options(sent: Mapping[str, Any], faults: list[str]) -> BatchOptions:
    """Return the options that every kind has; null is the same as left out."""
    size = sent.get(BATCH_SIZE)
    if size is None:
        return BatchOptions()
    whole = whole_number(size, least=1, most=MAX_BATCH_SIZE)
    if whole is None:
        fault = not_whole(size, least=1, most=MAX_BATCH_SIZE)
        faults.append(f"{BATCH_SIZE} {fault}. Leave it out for {DEFAULT_BATCH_SIZE}.")
    return BatchOptions(batch_size=whole or DEFAULT_BATCH_SIZE)


def _key(request: Request, faults: list[str]) -> str | None:
    try:
        return request_key(key_headers(request))
    except BadInput as error:
        faults.append(str(error))
        return None
