"""`POST /api/batches/batch-…`: read a request, whatever its format, and submit it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
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
from server.kinds.item_field import Cell
from server.kinds.kind import BatchWork
from server.kinds.kind_option import read_settings
from server.mongo.sent_files import SentFiles
from server.web.admission.admission import Admission, Newcomer, work_of
from server.web.body import JSON, read_body, read_whole, repeated_parameters, require_media_type
from server.web.identity.authentication import account_of, caller_of
from server.web.key import key_headers
from server.web.refusal import Refused, bad_input, to_refused
from server.web.rest.batches import submission_answer
from server.web.rest.files.cells import READERS
from server.web.rest.files.media_types import KNOWN, OTHER_CHARSETS
from server.web.rest.files.parameters import NAMES, read_parameters
from server.web.rest.files.reading import FileReading
from server.web.rest.files.sent import sent_file
from server.web.rest.json_body import Faults, items_of
from server.web.rest.kind import BATCH_SIZE, DRY_RUN, RestKind
from server.web.rest.rows import StreamLimits
from server.web.rest.sent_again import FileHash, warning_of

_INSTEAD = "send less, or NDJSON or CSV, which may be far longer"


async def submit(  # noqa: PLR0913 - what a submission needs of the server
    request: Request,
    kind: RestKind,
    submissions: Submissions,
    sent_files: SentFiles,
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
    file = FileHash(caller_of(request).name, kind.path)
    if media_type == JSON:
        body = await read_whole(request, max_request_bytes, instead=_INSTEAD)
        file.options = request.query_params
        await file.add(body)
        newcomer = Newcomer(caller=account_of(request), work=work_of(len(body)))
        async with admission.admitted(newcomer):
            submitted = await _submit_whole(request, kind, submissions, body)
    else:  # a stream is admitted when it begins, and then waits for its sender
        submitted, told = await _submit_file(request, kind, submissions, stream_limits, file)
    if submitted.replayed or submitted.batch.dry_run:
        return submission_answer(submitted, **told)
    warning = await warning_of(
        sent_files, file, submitted.batch.id, has_key=bool(key_headers(request))
    )
    return submission_answer(submitted, **told, **({"warning": warning} if warning else {}))


async def _submit_whole(
    request: Request, kind: RestKind, submissions: Submissions, body: bytes
) -> Submitted:
    faults = Faults(
        [
            f"There is no parameter {quoted(name)}: in JSON, options stand beside "
            f"{kind.kind.argument}."
            for name in request.query_params
            if name != DRY_RUN
        ]
        + repeated_parameters(request)
    )
    sent = await read_body(body, account_of(request))
    dry_run = request.query_params.get(DRY_RUN)
    if dry_run is not None and DRY_RUN in sent:
        faults.worded.append(f"{DRY_RUN} is a parameter and in the body: send one of them.")
    elif dry_run is not None:
        sent[DRY_RUN] = READERS[Cell.FLAG](dry_run)
    items: Sequence[Input] = await items_of(kind, sent, faults)
    batch_request = _batch_request(request, kind, sent, faults)
    with answered_with(batch_request.key):
        return await submissions.submit(batch_request, items)


async def _submit_file(
    request: Request,
    kind: RestKind,
    submissions: Submissions,
    limits: StreamLimits,
    file: FileHash,
) -> tuple[Submitted, dict[str, Any]]:
    """Submit the items of a file; return what the sender is told of the file, too."""
    faults = Faults(repeated_parameters(request))
    async with aclosing(request.stream()) as body:
        sent = await sent_file(request, body)
        file.options = query = {**request.query_params, **sent.fields}
        faults.worded += [
            f"The parameter {quoted(name)} is there 2 times: send it once."
            for name in sent.fields
            if name in request.query_params
        ]
        reading = FileReading(
            replace(sent, body=file.passing(sent.body)),
            read_parameters(query, kind, faults.worded),
            kind,
            limits,
        )
        options = options_in_query(kind, query, faults.worded)
        batch_request = replace(_batch_request(request, kind, options, faults), file=reading.form)
        async with aclosing(reading.items()) as items:
            with _telling_of(reading), answered_with(batch_request.key):
                submitted = await submissions.submit_stream(batch_request, items)
    return submitted, {"file": reading.report()}


@contextmanager
def _telling_of(reading: FileReading) -> Iterator[None]:
    """Tell the sender of a wrong file what was found out about it, such as its columns."""
    try:
        yield
    except BadInput as error:
        refused = to_refused(error)
        raise Refused(refused.refusal, reasons=refused.reasons, file=reading.report()) from error


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
    size, dry_run = sent.get(BATCH_SIZE), sent.get(DRY_RUN)
    if dry_run is not None and not isinstance(dry_run, bool):
        faults.append(f"{DRY_RUN} is neither true nor false.")
    whole = DEFAULT_BATCH_SIZE if size is None else whole_number(size, least=1, most=MAX_BATCH_SIZE)
    if whole is None:
        fault = not_whole(size, least=1, most=MAX_BATCH_SIZE)
        faults.append(f"{BATCH_SIZE} {fault}. Leave it out for {DEFAULT_BATCH_SIZE}.")
    return BatchOptions(batch_size=whole or DEFAULT_BATCH_SIZE, dry_run=dry_run is True)


def _key(request: Request, faults: list[str]) -> str | None:
    try:
        return request_key(key_headers(request))
    except BadInput as error:
        faults.append(str(error))
        return None
