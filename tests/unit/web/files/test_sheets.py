"""Read XLSX files, and refuse those that would take too much memory."""

import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from server.domain.errors import BadInput
from server.web.rest.files import sheet as files
from server.web.rest.files.parameters import FileParameters
from server.web.rest.files.sheet import SheetRows
from server.web.rest.kind import RestKind
from tests.support.web.read_rows import ID, refusal
from tests.support.web.sheets import changed, sheet
from tests.support.web.streamed_rows import CREATE, DELETE, STOCK

HEADER = ("productId", "quantity")
MOST = 1024**3
SHEET = "sheet1.xml"
END = b"</row></sheetData>"


def read(
    content: bytes, kind: RestKind = STOCK, most: int = MOST, **said: Any
) -> list[dict[str, Any]]:
    rows = SheetRows(kind, FileParameters(**said), most)
    rows.open(io.BytesIO(content))
    items: list[dict[str, Any]] = []
    while (block := rows.block()) is not None:
        items += block
    return items


def test_cells_are_read_as_what_their_column_holds() -> None:
    items = read(
        sheet(
            ("name", "price", "stock", "category", "discontinued"),
            (" Cup ", 12.5, 3, 7, None),
            ("=1+1", "5", "1.000", "x", "TRUE"),
        ),
        CREATE,
    )

    assert items == [
        {"name": "Cup", "price": 12.5, "stock": 3, "category": "7"},
        {"name": "=1+1", "price": 5, "stock": "1.000", "category": "x", "discontinued": True},
    ]


def test_a_flag_is_read() -> None:
    content = sheet(("productId", "cascadeDelete"), (ID, True), (ID, False), (ID, 1))

    assert [item["cascadeDelete"] for item in read(content, DELETE)] == [True, False, "1"]


def test_control_characters_are_read_back() -> None:
    content = sheet(("name", "price", "stock", "category"), ("a\x01b", 1, 1, "c"))

    assert read(content, CREATE)[0]["name"] == "a\x01b"


def test_rows_of_nothing_are_no_items_and_rows_have_their_numbers() -> None:
    content = sheet((), HEADER, (ID, 1), (None, None), ("", " "), (ID, 2))

    items = read(content)

    assert [(item.row, item["quantity"]) for item in items] == [(3, 1), (6, 2)]


def test_a_sheet_is_the_first_or_a_named_one() -> None:
    content = sheet(HEADER, (ID, 1), names=("A", "B"))

    assert read(content) == read(content, sheet="B") == [{"productId": ID, "quantity": 1}]
    told = refusal(lambda: read(content, sheet="C"))
    assert told == "The file has no sheet “C”: it has “A”, “B”."


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"x" * 5000,
        sheet(HEADER)[:-30],
        changed(sheet(HEADER), "workbook.xml", lambda _: b"<workbook"),
        changed(sheet(HEADER), SHEET, lambda found: found.replace(b"</row>", b"</rw>")),
    ],
)
def test_a_damaged_file_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"damaged"):
        read(content)


BOMBS: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "a row with millions of cells": (
        SHEET,
        lambda found: found.replace(END, b"<c/>" * 2_000_000 + END),
        "too long to be read",
    ),
    "millions of cells in no row": (
        SHEET,
        lambda found: found.replace(b"</sheetData>", b"<c/>" * 2_000_000 + b"</sheetData>"),
        "too long to be read",
    ),
    "ends of rows in comments": (
        SHEET,
        lambda found: found.replace(END, (b"<c/>" * 10_000 + b"<!--</row>-->") * 200 + END),
        "too long to be read",
    ),
    "rows without number": (
        SHEET,
        lambda found: found.replace(b"</sheetData>", b"<row/>" * 3_000_001 + b"</sheetData>"),
        "more than 20000000 cells, or 3000000 rows",
    ),
    "a row far away": (
        SHEET,
        lambda found: found.replace(b'<row r="2"', b'<row r="99999999999"'),
        "more than 1048576 rows",
    ),
    "entities within entities": (
        SHEET,
        lambda found: found.replace(
            b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet', 1
        ),
        "document type",
    ),
    "another encoding": (
        SHEET,
        lambda found: found.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        "not in UTF-8",
    ),
    "rows within rows that look as if they ended": (
        SHEET,
        lambda found: found.replace(
            END, b'</row>' + b"<row a='/>'><c/>" * 600_000 + b"</sheetData>"
        ),
        "too long to be read",
    ),
    "texts without end": (
        "sharedStrings.xml",
        lambda found: found.replace(b"</sst>", b"<si><t>" + b"a" * 5_000_000 + b"</t></si></sst>"),
        "too long to be read",
    ),
    "very many texts": (
        "sharedStrings.xml",
        lambda found: found.replace(
            b"</sst>", b"".join(b"<si><t>%d%s</t></si>" % (n, b"a" * 99) for n in range(600_000))
            + b"</sst>",
        ),
        "too long to be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_would_take_too_much_memory_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, change, told = BOMBS[name]
    content = changed(sheet(HEADER, (ID, 1)), part, change)
    if name != "a row far away":  # which the library yields piece by piece
        monkeypatch.setattr(files, "load_workbook", None)  # nothing is left to it

    with pytest.raises(BadInput, match=told):
        read(content)


def test_a_file_has_a_limit_of_unpacked_bytes() -> None:
    content = changed(sheet(HEADER), SHEET, lambda found: found + b" " * 1_000_000)

    told = refusal(lambda: read(content, most=500_000))

    assert len(content) < 10_000
    assert told == "The file is longer than 500000 bytes when it is unpacked."


def test_a_cell_far_away_takes_no_memory() -> None:
    content = changed(
        sheet(HEADER, (ID, 1), (ID, 2)),
        SHEET,
        lambda found: found.replace(b'r="3"', b'r="1048576"').replace(b'"A3"', b'"XFC1048576"')
        .replace(b'"B3"', b'"XFD1048576"'),
    )  # fmt: skip

    assert "behind the 2 of the header" in refusal(lambda: read(content))


def test_a_long_sheet_is_read_in_flat_memory() -> None:
    rows = SheetRows(STOCK, FileParameters(), MOST)
    content = sheet(HEADER, *((ID, number) for number in range(20_000)))
    rows.open(io.BytesIO(content))
    items = 0

    tracemalloc.start()
    try:
        while (block := rows.block()) is not None:
            items += len(block)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert items == 20_000
    assert peak < 8 * 1024**2  # the items alone would take 10 MiB
