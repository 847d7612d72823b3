"""`GET /api/batches/{id}/results`: every result of a batch, in a file of any length."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from server.domain.batch_progress import BatchProgress
from server.domain.errors import StoreError
from server.domain.item_result import ItemResult
from server.domain.place import Place
from server.kinds.registry import KINDS
from server.mongo.batches.results import BatchResults
from server.web.accept import accepted, qualities, quality
from server.web.body import single_parameters
from server.web.refusal import not_acceptable
from server.web.rest.kind import RestKind
from server.web.rest.poll import flag
from server.web.rest.result_rows import CsvWriter, NdjsonWriter, Writer

_BLOCK = 500  # results that are written at once
BLOCK_WORK: Final = 100  # of a block: some 8 ms of CPU
_WHICH = {None: "results", True: "succeeded", False: "failed"}
_NDJSON_RANGES = ("application/x-ndjson", "application/*", "*/*")
_CSV_RANGES = ("text/csv", "text/*", "*/*")


async def download(
    request: Request, batch: BatchProgress, results: BatchResults, place: Place
) -> Response:
    """Return the results of `batch` as a file, with `success=true` or `false` only those.

    The download takes its `place` for each block, and gives it back while the block is sent.

    Raises:
        Refused: a parameter is wrong, or there is no such format.
        StoreError: the database failed.
    """
    writer = _writer(request, RestKind(KINDS[batch.kind]))
    success = flag(request, "success")
    pieces = _pieces(_results(results, batch.id, success), writer, place)
    first = await anext(pieces)  # an error before the first byte can still be answered
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
    """Close the source at the end, also if the client or the server goes away."""

    body_iterator: AsyncGenerator[bytes, None]

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.body_iterator):
            await super().__call__(scope, receive, send)


async def _from(first: bytes, others: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(others):
        yield first
        async for piece in others:
            yield piece


async def _pieces(
    results: AsyncGenerator[ItemResult, None], writer: Writer, place: Place
) -> AsyncGenerator[bytes, None]:
    """Yield the file in pieces: at least one, which may be empty."""
    head = writer.head()
    block: list[ItemResult] = []
    try:
        await place.resume()
        async with aclosing(results) as found:
            async for result in found:
                block.append(result)
                if len(block) == _BLOCK:
                    piece = head + writer.rows(block)
                    head, block = b"", []
                    place.pause()
                    yield piece
                    await place.resume()
        piece = head + writer.rows(block)
    finally:
        place.pause()
    yield piece


async def _results(
    results: BatchResults, batch_id: str, success: bool | None
) -> AsyncGenerator[ItemResult, None]:
    """Yield the results, with a new cursor where one has ended before a slow reader was done."""
    after, last_failure = -1, -2
    while True:
        try:
            async with aclosing(results.stream(batch_id, success=success, after=after)) as found:
                async for result in found:
                    yield result
                    after = result.index
            return
        except StoreError:
            if after in (last_failure, -1):  # nothing has come since the last failure
                raise
            last_failure = after


def _writer(request: Request, kind: RestKind) -> Writer:
    asked = single_parameters(request).get("format")
    if asked is None:
        asked = _preferred(request)
    if asked == "ndjson":
        return NdjsonWriter()
    if asked == "csv":
        return CsvWriter(kind)
    raise not_acceptable(
        "Results are application/x-ndjson (?format=ndjson) or text/csv (?format=csv)."
    )


def _preferred(request: Request) -> str | None:
    """Return the format that the header Accept prefers; of two that it likes as much, NDJSON."""
    found = qualities(accepted(request.headers) or "*/*")
    ndjson, csv = quality(found, _NDJSON_RANGES), quality(found, _CSV_RANGES)
    if not ndjson and not csv:
        return None
    return "csv" if csv > ndjson else "ndjson"
