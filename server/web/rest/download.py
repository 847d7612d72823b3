"""`GET /api/batches/{id}/results`: every result of a batch, however many there are."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from server.domain.batch_progress import BatchProgress
from server.domain.errors import StoreError
from server.domain.item_result import ItemResult
from server.kinds.registry import KINDS
from server.mongo.batches.results import BatchResults
from server.web.accept import qualities, quality
from server.web.refusal import Refused
from server.web.rest.kind import RestKind
from server.web.rest.poll import flag
from server.web.rest.result_rows import CsvWriter, NdjsonWriter, Writer

_BLOCK = 500  # results that are written at once
_WHICH = {None: "results", True: "succeeded", False: "failed"}
_NDJSON_RANGES = ("application/x-ndjson", "application/*", "*/*")
_CSV_RANGES = ("text/csv", "text/*", "*/*")


async def download(request: Request, batch: BatchProgress, results: BatchResults) -> Response:
    """
    Raises:
        Refused: a parameter is wrong, or the format is none that there is.
        StoreError: the database failed.
    """
    writer = _writer(request, RestKind(KINDS[batch.kind]))
    success = flag(request, "success")
    pieces = _pieces(results, batch.id, success, writer)
    first = await anext(pieces)  # what fails at once can still be told
    name = f"batch-{batch.id}-{_WHICH[success]}.{writer.suffix}"
    return _Download(
        _from(first, pieces),
        media_type=writer.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


class _Download(StreamingResponse):
    """Closes its source, whoever goes away."""

    body_iterator: AsyncGenerator[bytes, None]

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.body_iterator):
            await super().__call__(scope, receive, send)


async def _from(first: bytes, others: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(others):
        yield first
        async for one in others:
            yield one


async def _pieces(
    results: BatchResults, batch_id: str, success: bool | None, writer: Writer
) -> AsyncGenerator[bytes, None]:
    """The file. It has at least one piece, which may be empty."""
    head = writer.head()
    block: list[ItemResult] = []
    async with aclosing(_results(results, batch_id, success)) as found:
        async for result in found:
            block.append(result)
            if len(block) == _BLOCK:
                yield head + writer.rows(block)
                head, block = b"", []
    yield head + writer.rows(block)


async def _results(
    results: BatchResults, batch_id: str, success: bool | None
) -> AsyncGenerator[ItemResult, None]:
    """A cursor lives for some minutes, and a slow reader longer: it goes on with another one."""
    after, last_failure = -1, -2
    while True:
        try:
            async with aclosing(results.stream(batch_id, success=success, after=after)) as found:
                async for result in found:
                    yield result
                    after = result.index
            return
        except StoreError:
            if after in (last_failure, -1):  # nothing has come since
                raise
            last_failure = after


def _writer(request: Request, kind: RestKind) -> Writer:
    asked = request.query_params.get("format")
    if asked is None:
        asked = _accepted(request)
    if asked == "ndjson":
        return NdjsonWriter()
    if asked == "csv":
        return CsvWriter(kind)
    raise Refused(
        406,
        "NOT_ACCEPTABLE",
        "Results are application/x-ndjson (?format=ndjson) or text/csv (?format=csv).",
    )


def _accepted(request: Request) -> str | None:
    """The format that the header prefers; of two that it likes as much, NDJSON."""
    named = qualities(request.headers.get("Accept") or "*/*")
    ndjson, csv = quality(named, _NDJSON_RANGES), quality(named, _CSV_RANGES)
    if not ndjson and not csv:
        return None
    return "csv" if csv > ndjson else "ndjson"
