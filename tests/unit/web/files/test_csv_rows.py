"""Read items out of CSV."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.web.rest.files.cells import number_or_text
from server.web.rest.files.csv_rows import CsvRows
from server.web.rest.kind import RestKind
from tests.support.web.read_rows import ID, read_csv, refusal
from tests.support.web.streamed_rows import (
    CREATE,
    DELETE,
    PIECES,
    STOCK,
    UPDATE,
    nested,
    read,
    tables,
    trimmed,
)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5", 5),
        ("-3", -3),
        ("+3", 3),
        (" 7 ", 7),
        ("007", 7),
        ("1.5", 1.5),
        ("0.500", 0.5),
        ("1000.000", 1000.0),
        ("12.3456", 12.3456),
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
    "cell",
    [
        *("five", "1,5", "1_000", "0x10", "nan", "inf", ".5", "5.", "٣", "1 000", "--1", "true"),
        *("1.000", "-1.000", "+12.345", "123.456", "1,000"),
    ],
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
            "name": "12",
            "price": 100,
            "stock": "many",
            "category": "007",
            "discontinued": True,
        },
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
        UPDATE, 'productId,"name",category\r\n1,"a,b ""c""\r\nd\n\ne",x\r\n2,"",y\r\n3,5 "in",z'
    )

    assert items == [
        {"productId": "1", "data": {"name": 'a,b "c"\r\nd\n\ne', "category": "x"}},
        {"productId": "2", "data": {"category": "y"}},
        {"productId": "3", "data": {"name": '5 "in"', "category": "z"}},
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            b"productId,qty\n",
            (
                "Line 1 is the header, and has no column quantity. It has “qty”: if one of them is "
                "quantity, say so with columns=qty:quantity."
            ),
        ),
        (b"\n\nproductId,quantity,Quantity\n", "Line 3 has the column quantity as “quantity” and"),
        (b"quantity,productId,quantity\n", "Line 1 has the column quantity twice."),
        (b"expectedStock\n", "Line 1 is the header, and has no column productId, quantity."),
        (b"result.index,quantity\n", "Line 1 is the header, and has no column productId."),
        (
            b"productId,quantity,expected\n",
            "Line 1 has the unknown column “expected”: did you mean",
        ),
        (b"productId,quantity\n1,2\n1,2,3\n", "Line 3 has a cell in column C, behind the 2 of the"),
        (b"productId,quantity,\n1,2,3\n", "Line 2 has a cell in column C, behind the 2 of the"),
        (b'productId,quantity\n1,2\n"1,2\n1,2\n', "Line 3 has a quote that is not closed."),
        (
            b'productId,quantity\n"1"x,2\n',
            (
                'Line 2 has a cell that begins with " and goes on behind the next ". Double each " '
                'within the cell, or say quote=none if " never encloses a cell.'
            ),
        ),
        (b"productId,quantity\n\n1,\xe4\x81\n", "Line 3 is not Windows-1252: it has the byte 0x81"),
        (b"productId,quantity\n\xc3\xa4,1\n\xe4,1", "Line 3 is not UTF-8, as the text before it"),
        (
            b'productId,quantity\n1,2\n"' + b"a\n" * 64 * 1024,
            "Line 3 begins a row that is longer than 65536 characters: is a quote not closed?",
        ),
    ],
)
def test_what_is_no_row_in_csv_is_refused_by_its_line(body: bytes, told: str) -> None:
    assert refusal(lambda: read(CsvRows(STOCK), body)).startswith(told)


@given(
    tables(),
    PIECES,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_as_csv_is_read_back(
    table: tuple[RestKind, list[dict[str, Any]]],
    pieces: list[int],
    newline: str,
    quoted: bool,
    delimiter: str,
    encoding: str,
) -> None:
    kind, flat = table
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow(kind.columns)
    cells = [[_cell(one.get(name)) for name in kind.columns] for one in flat]
    writer.writerows(cells)

    # "\r" ends a row for the csv module, which quotes it only if it writes that itself
    if newline == "\n" and not quoted and any("\r" in str(cell) for row in cells for cell in row):
        return
    assert read(CsvRows(kind), text.getvalue().encode(encoding), pieces) == [
        nested(kind, found) for one in flat if (found := trimmed(one))
    ]


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


@given(st.text(alphabet='a",\n\r ', max_size=30), PIECES)
def test_csv_is_read_as_the_csv_module_reads_it_or_refused(text: str, pieces: list[int]) -> None:
    """Quotes where they should not be are refused, rather than read in some other way."""
    rows, whole = CsvRows(UPDATE), f"productId,name,category\n{text}"
    reader = csv.reader(io.StringIO(whole, newline=""), strict=True)
    try:
        expected = [row for row in reader if row]
    except csv.Error:
        expected = []

    try:
        items = read(rows, whole.encode(), pieces)
    except BadInput:
        return

    found = [trimmed(dict(zip(expected[0], row, strict=False))) for row in expected[1:]]
    assert items == [nested(UPDATE, one) for one in found if one]


@given(st.text(alphabet="a\"',;\t| \n\r1", max_size=40), PIECES)
def test_the_pieces_in_which_a_file_comes_make_no_difference(text: str, pieces: list[int]) -> None:
    body = f"productId;name\n{text}".encode()

    def found(cuts: list[int]) -> Any:
        try:
            return read(CsvRows(UPDATE), body, cuts)
        except BadInput as error:
            return str(error)

    assert found(pieces) == found([])


def test_spaces_may_stand_before_quotes() -> None:
    items = read_csv(UPDATE, '"productId", "name"\n"1", "a, b"\n2, c\n')

    assert [item["data"] for item in items] == [{"name": "a, b"}, {"name": "c"}]


def test_a_header_may_have_line_breaks_in_its_cells() -> None:
    items = read_csv(UPDATE, '"product\nId";"name"\n1;a\n')

    assert [(item.row, item["productId"]) for item in items] == [(2, "1")]
