"""`GET /api/batches/{id}/results`: every result of a batch, in a file of any length."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
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
from server.web.rest.files.media_types import XLSX
from server.web.rest.kind import RestKind
from server.web.rest.poll import flag
from server.web.rest.result_rows import CsvWriter, NdjsonWriter, Writer
from server.web.rest.sheet_writer import SheetWriter, require_rows

_BLOCK = 500  # results that are written at once
BLOCK_WORK: Final = 100  # of a block: some 8 ms of CPU
_WHICH = {None: "results", True: "succeeded", False: "failed"}
_PIECE_BYTES = 64 * 1024
_RANGES = {  # of the header Accept; of formats that are liked as much, the first is sent
    "ndjson": ("application/x-ndjson", "application/*", "*/*"),
    "csv": ("text/csv", "text/*", "*/*"),
    "xlsx": (XLSX, "application/*", "*/*"),
}


async def download(
    request: Request, batch: BatchProgress, results: BatchResults, place: Place
) -> Response:
    """Return the results of `batch` as a file, with `success=true` or `false` only those.

    The download takes its `place` for each block, and gives it back while the block is sent.

    Raises:
        Refused: a parameter is wrong, or there is no such format.
        BadInput: a spreadsheet has too few rows for the results.
        StoreError: the database failed.
    """
    kind, success = RestKind(KINDS[batch.kind]), flag(request, "success")
    asked, for_excel = _format(request), flag(request, "excel") or False
    if asked == "xlsx":
        require_rows(batch.total_items)
        media_type, suffix = SheetWriter.media_type, SheetWriter.suffix
        pieces = _sheet_pieces(_results(results, batch.id, success), kind, place)
    else:
        csv_writer = CsvWriter(kind, batch.file, for_excel=for_excel)
        writer: Writer = csv_writer if asked == "csv" else NdjsonWriter()
        media_type, suffix = writer.media_type, writer.suffix
        pieces = _pieces(_results(results, batch.id, success), writer, place)
    first = await anext(pieces)  # an error before the first byte can still be answered
    return Download(
        resumed(first, pieces),
        media_type=media_type,
        headers={
            "Content-Disposition": (
                f'attachment; filename="batch-{batch.id}-{_WHICH[success]}.{suffix}"'
            ),
            "X-Content-Type-Options": "nosniff",
        },
    )


class Download(StreamingResponse):
    """Close the source at the end, also if the client or the server goes away."""

    body_iterator: AsyncGenerator[bytes, None]

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.body_iterator):
            await super().__call__(scope, receive, send)


async def resumed(first: bytes, others: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(others):
        yield first
        async for piece in others:
            yield piece


async def _pieces(
    results: AsyncGenerator[ItemResult, None], writer: Writer, place: Place
) -> AsyncGenerator[bytes, None]:
    """Yield the file in pieces: at least one, which may be empty."""
    head = writer.head()
    try:
        await place.resume()
        async with aclosing(_blocks(results)) as blocks:
            async for block, is_last in blocks:
                piece, head = head + writer.rows(block), b""
                if not is_last:
                    place.pause()
                    yield piece
                    await place.resume()
    finally:
        place.pause()
    yield piece


async def _sheet_pieces(
    results: AsyncGenerator[ItemResult, None], kind: RestKind, place: Place
) -> AsyncGenerator[bytes, None]:
    """Write the whole spreadsheet, whose directory is at its end, and yield it in pieces."""
    with await asyncio.to_thread(SheetWriter, kind) as writer:
        try:
            await place.resume()
            async with aclosing(_blocks(results)) as blocks:
                async for block, _ in blocks:
                    await asyncio.to_thread(writer.add, block)
                    place.pause()  # others take their turns
                    await place.resume()
            file = await asyncio.to_thread(writer.end)
        finally:
            place.pause()
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece


async def _blocks(
    results: AsyncGenerator[ItemResult, None],
) -> AsyncGenerator[tuple[list[ItemResult], bool], None]:
    """Yield the results in full blocks, and then the rest, which may be empty and is the last."""
    block: list[ItemResult] = []
    async with aclosing(results) as found:
        async for result in found:
            block.append(result)
            if len(block) == _BLOCK:
                yield block, False
                block = []
    yield block, True


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


def _format(request: Request) -> str:
    """Return the format that the parameter or the header Accept asks for.

    Raises:
        Refused: there is no such format.
    """
    asked = single_parameters(request).get("format")
    asked = preferred_format(request, [*_RANGES]) if asked is None else asked
    if asked not in _RANGES:
        raise not_acceptable(
            "Results are application/x-ndjson (?format=ndjson), text/csv (?format=csv) or a "
            "spreadsheet (?format=xlsx)."
        )
    return asked


def preferred_format(request: Request, possible: Sequence[str]) -> str | None:
    """Return which of the possible formats the header Accept prefers; of equals, the first."""
    found = qualities(accepted(request.headers) or "*/*")
    liked = {name: quality(found, _RANGES[name]) for name in possible}
    best = max(liked, key=lambda name: liked[name])
    return best if liked[best] else None
