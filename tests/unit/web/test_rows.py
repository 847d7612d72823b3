"""Read items out of NDJSON and CSV that arrive as a stream, in any pieces."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.rest.csv_rows import CsvRows, number_or_text
from server.rest.kind import Kind
from server.rest.lines import LONGEST_LINE
from server.rest.ndjson import NdjsonRows
from server.rest.rows import blocks
from tests.support.web.streamed_rows import (
    CREATE,
    DELETE,
    PIECES,
    PRICE,
    STOCK,
    UPDATE,
    nested,
    read,
    tables,
)

ID = "00000000000000000000000a"


def read_csv(kind: Kind, text: str) -> list[dict[str, Any]]:
    return read(CsvRows(kind), text.encode())


def read_ndjson(kind: Kind, text: str) -> list[dict[str, Any]]:
    return read(NdjsonRows(kind), text.encode())


def refusal(reading: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as caught:
        reading()
    return str(caught.value)


def test_each_line_of_ndjson_is_an_item_as_it_stands() -> None:
    items = read_ndjson(
        STOCK,
        f'{{"productId": "{ID}", "quantity": 5}}\n{{"productId": 7, "quantity": "many"}}\n',
    )

    assert items == [{"productId": ID, "quantity": 5}, {"productId": 7, "quantity": "many"}]


def test_a_null_in_ndjson_stays_and_what_is_left_out_is_left_out() -> None:
    items = read_ndjson(UPDATE, f'{{"productId": "{ID}", "data": {{"name": null}}}}')

    assert items == [{"productId": ID, "data": {"name": None}}]


def test_numbers_of_any_size_can_be_read() -> None:
    (item,) = read_ndjson(STOCK, f'{{"quantity": {"9" * 5000}, "expectedStock": 1e999}}')

    assert item["quantity"] == int("9" * 30)
    assert item["expectedStock"] == float("inf")


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
    assert read_csv(UPDATE, "productId,name\n1,a\u2028b\x85\x0b")[0]["data"] == {
        "name": "a\u2028b\x85\x0b"
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{}\n\n[1]\n", "Line 3 is not a JSON object."),
        (b'{}\n"x"', "Line 2 is not a JSON object."),
        (b"{}\nnull", "Line 2 is not a JSON object."),
        (b"{", "Line 1 is not JSON: Expecting property name enclosed in double quotes at"),
        (b"{} {}", "Line 1 is not JSON: Extra data at character 4."),
        (b'{}\n{"quantity": NaN}', "Line 2 is not JSON: NaN is no number in JSON."),
        (b'{"quantity": -Infinity}', "Line 1 is not JSON: -Infinity is no number in JSON."),
        (b"{}\n{}\n\xff\n", "Line 3 is not UTF-8: byte 1 of it is 0xff."),
        (b'{"productId": "\xc3"}', "Line 1 is not UTF-8: byte 16 of it is 0xc3."),
        (b"[" * 200_000, "Line 1 is nested too deeply."),
        (
            b'{"productId": 1}\n{"productid": 1, "n\xc3\xa4me": 2}',
            (
                "Line 2 has the unknown key “productid”: there may be productId, quantity, "
                "expectedStock; and it has the unknown key “näme”: there may be"
            ),
        ),
        (b'{"result": 1}\n{"results": 1}', "Line 2 has the unknown key “results”: there may be"),
    ],
)
def test_what_is_no_item_in_ndjson_is_refused_by_its_line(body: bytes, told: str) -> None:
    assert refusal(lambda: read(NdjsonRows(STOCK), body)).startswith(told)


def test_an_unknown_key_inside_the_data_is_refused() -> None:
    told = refusal(lambda: read_ndjson(UPDATE, '{"productId": "1", "data": {"stock": 5}}'))

    assert told == "Line 1 has the unknown key “stock”: there may be name, price, category in data."


def test_a_field_that_belongs_into_the_data_is_refused_beside_it() -> None:
    told = refusal(lambda: read_ndjson(UPDATE, '{"productId": "1", "name": "x"}'))

    assert told == "Line 1 has the unknown key “name”: there may be productId, data."


def test_the_result_that_a_download_adds_is_left_out() -> None:
    sent = f'{{"productId": "{ID}", "quantity": 1, "result": {{"index": 0, "error": "x"}}}}'

    assert read_ndjson(STOCK, sent) == [{"productId": ID, "quantity": 1}]
    assert read_csv(
        STOCK, f"result.index,productId,result.error,quantity,result.new\n0,{ID},x,1,y\n"
    ) == [{"productId": ID, "quantity": 1}]


@pytest.mark.parametrize("rows", [NdjsonRows, CsvRows])
def test_a_line_of_a_mebibyte_is_the_longest(rows: type[NdjsonRows | CsvRows]) -> None:
    head, line = b"productId,name\n", b'{"productId": "a"}'
    body = line if rows is NdjsonRows else head + b"a,"
    filler = b" " * (LONGEST_LINE - len(body.split(b"\n")[-1]))
    number = body.count(b"\n") + 1

    (item,) = read(rows(UPDATE), body + filler + b"\n")
    told = refusal(lambda: read(rows(UPDATE), body + filler + b" \n"))
    told_early = refusal(lambda: rows(UPDATE).feed(body + filler + b" "))

    assert item["productId"] == "a"
    assert told == told_early == f"Line {number} is longer than 1048576 bytes."


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5", 5),
        ("-3", -3),
        ("+3", 3),
        (" 7 ", 7),
        ("007", 7),
        ("1.5", 1.5),
        ("2.0", 2.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        ("1e999", float("inf")),
        ("9" * 5000, int("9" * 30)),
    ],
)
def test_a_cell_that_is_a_number_is_read_as_one(cell: str, number: float) -> None:
    read_as = number_or_text(cell)

    assert (read_as, type(read_as)) == (number, type(number))


@pytest.mark.parametrize(
    "cell", ["five", "1,5", "1_000", "0x10", "nan", "inf", ".5", "5.", "٣", "1 000", "--1", "true"]
)
def test_any_other_cell_stays_the_text_that_it_is(cell: str) -> None:
    assert number_or_text(cell) == cell


def test_cells_are_read_as_what_their_column_holds() -> None:
    items = read_csv(
        CREATE,
        "id,name,price,stock,category,discontinued\n"
        f"{ID}, 12 ,100,many,007,TRUE\n"
        ",,,,,\n"
        ",Cup,1.5,,,no\n",
    )

    assert items == [
        {
            "id": ID,
            "name": " 12 ",
            "price": 100,
            "stock": "many",
            "category": "007",
            "discontinued": True,
        },
        {},
        {"name": "Cup", "price": 1.5, "discontinued": "no"},
    ]


def test_the_columns_of_an_update_go_into_its_data() -> None:
    items = read_csv(UPDATE, f"price,productId,name\n5,{ID},Cup\n,{ID},\n")

    assert items == [
        {"productId": ID, "data": {"name": "Cup", "price": 5}},
        {"productId": ID, "data": {}},
    ]


def test_a_flag_of_a_deletion_is_read() -> None:
    items = read_csv(DELETE, "productId,cascadeDelete\n1,true\n2,False\n3,\n4,1\n5\n")

    assert items == [
        {"productId": "1", "cascadeDelete": True},
        {"productId": "2", "cascadeDelete": False},
        {"productId": "3"},
        {"productId": "4", "cascadeDelete": "1"},
        {"productId": "5"},
    ]


def test_quoted_cells_hold_commas_quotes_and_line_breaks() -> None:
    items = read_csv(
        UPDATE, 'productId,"name",category\r\n1,"a,b ""c""\r\nd\n\n",x\r\n2,"",y\r\n3,5 "in",z'
    )

    assert items == [
        {"productId": "1", "data": {"name": 'a,b "c"\r\nd\n\n', "category": "x"}},
        {"productId": "2", "data": {"category": "y"}},
        {"productId": "3", "data": {"name": '5 "in"', "category": "z"}},
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"productId,qty\n", "Line 1 has the unknown column “qty”: there may be productId, "),
        (b"productId;quantity\n1;2", "Line 1 has the unknown column “productId;quantity”"),
        (b"\n\nproductId,quantity,\n", "Line 3 has the unknown column “”: there may be"),
        (b"quantity,productId,quantity\n", "Line 1 has the column quantity twice."),
        (b"expectedStock\n", "Line 1 is the header, and has no column productId, quantity."),
        (b"result.index,quantity\n", "Line 1 is the header, and has no column productId."),
        (b"productId,quantity\n1,2\n1,2,3\n", "Line 3 has 3 cells: the header has 2."),
        (
            b'productId,quantity\n"1\n1",2\n1,2,\n',
            "Line 4 has 3 cells: the header has 2.",
        ),
        (b'productId,quantity\n1,2\n"1,2\n1,2\n', "Line 3 has a quote that is not closed."),
        (b'productId,quantity\n"1"x,2\n', "Line 2 is not CSV: ',' expected after '\"'."),
        (b'productId,quantity\n1,2\n5" a,1\n7" b,2\n', "Line 3 is not CSV: new-line character"),
        (b"productId,quantity\n1,2\r3,4\n", "Line 2 is not CSV: new-line character seen in"),
        (b"productId,quantity\n\n1,\xe4\n", "Line 3 is not UTF-8: byte 3 of it is 0xe4."),
        ("productId,quantity".encode("utf-16"), "Line 1 is not UTF-8: byte 1 of it is 0xff."),
        (
            b'productId,quantity\n1,2\n"' + b"\n" * 1024**2,
            "Line 3 begins a row that is longer than 1048576 bytes: is a quote not closed?",
        ),
    ],
)
def test_what_is_no_row_in_csv_is_refused_by_its_line(body: bytes, told: str) -> None:
    assert refusal(lambda: read(CsvRows(STOCK), body)).startswith(told)


@pytest.mark.parametrize("rows", [NdjsonRows, CsvRows])
@pytest.mark.parametrize("body", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_has_no_items(rows: type[NdjsonRows | CsvRows], body: bytes) -> None:
    assert read(rows(STOCK), body) == []


@given(tables(), PIECES)
def test_what_is_written_as_ndjson_is_read_back(
    table: tuple[Kind, list[dict[str, Any]]], pieces: list[int]
) -> None:
    kind, flat = table
    items = [nested(kind, one) for one in flat]
    body = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in items).encode()

    assert read(NdjsonRows(kind), body, pieces) == items


@given(tables(), PIECES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_is_written_as_csv_is_read_back(
    table: tuple[Kind, list[dict[str, Any]]], pieces: list[int], newline: str, quoted: bool
) -> None:
    kind, flat = table
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=newline, quoting=quoting)
    writer.writerow(kind.columns)
    cells = [[_cell(one.get(name)) for name in kind.columns] for one in flat]
    writer.writerows(cells)

    # "\r" ends a row for the csv module, which quotes it only if it writes that itself
    if newline == "\n" and not quoted and any("\r" in str(cell) for row in cells for cell in row):
        return
    assert read(CsvRows(kind), text.getvalue().encode(), pieces) == [
        nested(kind, one) for one in flat
    ]


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


@given(st.text(alphabet='a",\n\r', max_size=30), PIECES)
def test_csv_is_read_as_the_csv_module_reads_it_or_refused(text: str, pieces: list[int]) -> None:
    """Quotes where they should not be are refused, rather than read in some other way."""
    rows, whole = CsvRows(UPDATE), f"productId,name,category\n{text}"
    try:
        expected = [row for row in csv.reader(io.StringIO(whole, newline=""), strict=True) if row]
    except csv.Error:
        expected = []

    try:
        items = read(rows, whole.encode(), pieces)
    except BadInput:
        return

    assert items == [
        nested(UPDATE, {name: cell for name, cell in zip(expected[0], row, strict=False) if cell})
        for row in expected[1:]
    ]


async def _body(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _sizes(pieces: Sequence[bytes]) -> list[int]:
    async with aclosing(blocks(_body(pieces), NdjsonRows(PRICE))) as found:
        return [len(block) async for block in found]


async def test_items_come_in_blocks_of_some_hundreds() -> None:
    line = b'{"productId": "a"}\n'

    assert await _sizes([line * 1200]) == [500, 500, 200]
    assert await _sizes([line] * 1200) == [500, 500, 200]
    assert await _sizes([line * 500]) == [500]


async def test_long_items_come_in_smaller_blocks() -> None:
    line = b'{"productId": "%s"}\n' % (b"a" * 300_000)

    assert await _sizes([line] * 9) == [4, 4, 1]


async def test_a_body_without_items_has_no_blocks() -> None:
    assert await _sizes([b"", b"\n"]) == []
