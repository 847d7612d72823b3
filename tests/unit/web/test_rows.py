"""Read items that arrive as a stream, in either format and in any pieces."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from server.domain.errors import BatchTooLarge
from server.web.refusal import Refused
from server.web.rest.files.csv_rows import CsvRows
from server.web.rest.lines import LONGEST_LINE
from server.web.rest.ndjson import NdjsonRows
from server.web.rest.rows import StreamLimits, blocks
from tests.support.web.read_rows import ID, read_csv, read_ndjson, refusal
from tests.support.web.streamed_rows import CREATE, PRICE, STOCK, UPDATE, read


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_byte_order_marks_line_ends_and_blank_lines_are_no_part_of_an_item(
    mark: bytes, newline: bytes, last: bool
) -> None:
    ndjson = mark + newline.join([b'{"productId": "a"}', b"", b'{"productId": "b"}'])
    table = mark + newline.join([b"productId", b"a", b"", b"b"])
    end = newline if last else b""

    from_ndjson = read(NdjsonRows(PRICE), ndjson + end)
    from_csv = read(CsvRows(PRICE), table + end)

    assert from_ndjson == from_csv == [{"productId": "a"}, {"productId": "b"}]


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    assert read_ndjson(CREATE, '{"name": "a\u2028b\x85"}') == [{"name": "a\u2028b\x85"}]
    assert read_csv(UPDATE, "productId,name\n1,a\u2028b\x85\x0bc")[0]["data"] == {
        "name": "a\u2028b\x85\x0bc"
    }


def test_the_result_that_a_download_adds_is_left_out() -> None:
    sent = f'{{"productId": "{ID}", "quantity": 1, "result": {{"index": 0, "error": "x"}}}}'

    assert read_ndjson(STOCK, sent) == [{"productId": ID, "quantity": 1}]
    assert read_csv(
        STOCK, f"result.index,productId,result.error,quantity,result.new\n0,{ID},x,1,y\n"
    ) == [{"productId": ID, "quantity": 1}]


@pytest.mark.parametrize("rows", [NdjsonRows, CsvRows])
def test_a_line_of_64_kib_is_the_longest(rows: type[NdjsonRows | CsvRows]) -> None:
    head, line = b"productId,name\n", b'{"productId": "a"}'
    body = line if rows is NdjsonRows else head + b"a,"
    filler = b" " * (LONGEST_LINE - len(body.split(b"\n")[-1]))
    unit = "bytes" if rows is NdjsonRows else "characters"
    number = body.count(b"\n") + 1

    (item,) = read(rows(UPDATE), body + filler + b"\n")
    told = refusal(lambda: read(rows(UPDATE), body + filler + b" \n"))
    told_early = refusal(lambda: rows(UPDATE).feed(body + filler + b" "))

    assert item["productId"] == "a"
    assert told == told_early == f"Line {number} is longer than 65536 {unit}."


@pytest.mark.parametrize("rows", [NdjsonRows, CsvRows])
@pytest.mark.parametrize("body", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_has_no_items(rows: type[NdjsonRows | CsvRows], body: bytes) -> None:
    assert read(rows(STOCK), body) == []


async def _body(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _sizes(pieces: Sequence[bytes], **limits: int) -> list[int]:
    found_blocks = blocks(_body(pieces), NdjsonRows(PRICE), StreamLimits(**limits))
    async with aclosing(found_blocks) as found:
        return [len(block) async for block in found]


async def test_items_come_in_blocks_of_some_hundreds() -> None:
    line = b'{"productId": "a"}\n'

    assert await _sizes([line * 1200]) == [500, 500, 200]
    assert await _sizes([line] * 1200) == [500, 500, 200]
    assert await _sizes([line * 500]) == [500]


async def test_long_items_come_in_smaller_blocks() -> None:
    line = b'{"productId": "%s"}\n' % (b"a" * 60_000)

    assert await _sizes([line] * 40) == [17, 18, 5]


async def test_others_run_while_a_long_piece_is_read() -> None:
    longest = 0
    rows = NdjsonRows(STOCK)

    async def one_piece() -> AsyncIterator[bytes]:
        yield b"{}\n" * 90_000

    async def count_turns() -> None:
        nonlocal longest
        while True:
            before = rows_read(rows)
            await asyncio.sleep(0)
            longest = max(longest, rows_read(rows) - before)

    counting = asyncio.create_task(count_turns())
    await asyncio.sleep(0)
    async with aclosing(blocks(one_piece(), rows, StreamLimits())) as found:
        sizes = [len(block) async for block in found]
    counting.cancel()

    assert sizes == [500] * 180
    assert 0 < longest <= 16 * 1024 / len(b"{}\n") + 1


def rows_read(rows: NdjsonRows) -> int:
    return rows._lines._number


async def test_a_body_without_items_has_no_blocks() -> None:
    assert await _sizes([b"", b"\n"]) == []


async def test_a_stream_has_a_limit_on_bytes() -> None:
    line = b'{"productId": "a"}\n'

    assert await _sizes([line] * 5, bytes=5 * len(line)) == [5]
    with pytest.raises(Refused) as refused:
        await _sizes([line] * 5 + [b"\n"], bytes=5 * len(line))

    assert str(refused.value) == "The stream is longer than 95 bytes: send it in parts."
    assert refused.value.status == 413


async def test_a_stream_has_a_limit_on_items() -> None:
    line = b'{"productId": "a"}\n'

    assert await _sizes([line] * 5, items=5) == [5]
    with pytest.raises(BatchTooLarge) as refused:
        await _sizes([line] * 6, items=5)

    assert str(refused.value) == "The stream has more than 5 items: submit several batches."
