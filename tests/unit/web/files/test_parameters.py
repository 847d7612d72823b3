"""Read what a sender says of a file."""

import pytest

from server.web.rest.files.csv_rows import CsvRows
from server.web.rest.files.parameters import FileParameters, read_parameters
from tests.support.web.read_rows import ID, refusal
from tests.support.web.streamed_rows import STOCK, read


def test_everything_can_be_said() -> None:
    query = {
        "columns": "Artikel Nr:Product ID, menge :quantity,note:",
        "delimiter": "tab",
        "encoding": "Latin1",
        "quote": "none",
        "sheet": "Lager",
        "strict": "true",
        "batchSize": "5",
    }

    assert read_parameters(query, STOCK, []) == FileParameters(
        columns={"artikelnr": "productId", "menge": "quantity", "note": ""},
        delimiter="\t",
        encoding="iso-8859-1",
        quote="",
        sheet="Lager",
        strict=True,
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"columns": "artikel"}, "columns has “artikel”: write the name in the file, a colon, and"),
        ({"columns": "artikel:produkt"}, "columns has “artikel:produkt”: write the name in the"),
        ({"columns": "a:productId,A:quantity"}, "columns has “A” twice."),
        ({"delimiter": "#"}, "delimiter “#” is not comma, semicolon, tab or pipe."),
        ({"encoding": "klingon"}, "encoding “klingon” is none of utf-8, utf-16, "),
        ({"encoding": "cp037"}, "encoding “cp037” is none of utf-8, utf-16, "),
        ({"quote": "x"}, "quote “x” is not double, single or none."),
        ({"strict": "yes"}, "strict “yes” is not true or false."),
    ],
)
def test_what_cannot_be_said_is_told(query: dict[str, str], told: str) -> None:
    faults: list[str] = []

    read_parameters(query, STOCK, faults)

    (fault,) = faults
    assert fault.startswith(told)


@pytest.mark.parametrize("name", ["expected", "expectdStock", "expected_stock", "Expected-Stock"])
def test_a_guard_does_not_get_lost(name: str) -> None:
    body = f"productId,quantity,{name}\n{ID},1,5\n".encode()

    assert "did you mean expectedStock?" in refusal(lambda: read(CsvRows(STOCK), body))


@pytest.mark.parametrize("name", ["note", "stock", "price", "category", "Bestand", "unit", "date"])
def test_a_column_of_another_name_is_ignored(name: str) -> None:
    rows = CsvRows(STOCK)

    assert read(rows, f"productId,{name},quantity\n{ID},1,5\n".encode()) == [
        {"productId": ID, "quantity": 5}
    ]
    assert rows.ignored_columns == [name]


def test_a_column_without_a_name_before_others_is_ignored_by_its_letter() -> None:
    rows = CsvRows(STOCK)

    assert read(rows, f",productId,quantity\n0,{ID},5\n".encode()) == [
        {"productId": ID, "quantity": 5}
    ]
    assert rows.ignored_columns == ["(column A)"]
