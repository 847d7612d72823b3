"""Write the files of `tests/files/office` with LibreOffice: python -m tools.office_files.

It needs `soffice` (Debian: apt-get install --no-install-recommends libreoffice-calc). The files are
committed, so nobody needs it to run the tests.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent.parent / "tests" / "files" / "office"
CUP, MUG, TEA = (f"50000000000000000000000{number}" for number in (1, 2, 3))
Cell = str | int | float | None
Rows = Sequence[Sequence[Cell]]

STOCK: Rows = [
    ["Product ID", "Quantity", "Expected Stock", "Bemerkung"],
    [CUP, 5, 10, "geprüft für Käse"],
    [MUG, -30, None, 'Größe 7", "neu"; Regal 3'],
    [None, None, None, None],
    [TEA, 2, None, "Zeile 1\nZeile 2"],
]
OVERVIEW: Rows = [["Übersicht"], ["nothing to submit here"]]
NUMBERS: Rows = [["productId", "quantity"], [1, 5], [1e23, 5], ["500000000000000000000001", 5]]
PRICES: Rows = [["name", "price", "stock", "category"], ["Käse", 12.5, 1000, "Lebensmittel"]]
_STYLE = (
    '<number:number-style style:name="N1" number:language="de" number:country="DE"><number:number '
    'number:decimal-places="{places}" number:min-decimal-places="{places}" '
    'number:min-integer-digits="1" number:grouping="{grouping}"/></number:number-style>'
    '<style:style style:name="c1" style:family="table-cell" style:data-style-name="N1"/>'
)
_FLAT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:automatic-styles>{styles}</office:automatic-styles>
<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document>
"""


def main() -> int:
    with TemporaryDirectory() as name:
        folder = Path(name)
        stock = _flat(folder / "stock.fods", {"Lager": STOCK, "Übersicht": OVERVIEW})
        numbers = _flat(folder / "numbers.fods", {"Lager": NUMBERS})
        prices = _flat(folder / "prices.fods", {"Preise": PRICES}, places=2, grouping=True)
        _convert(stock, "stock-semicolon-windows-1252.csv", _csv(59, "ANSI"))
        _convert(stock, "stock-tab-utf-16.csv", _csv(9, "65535"))
        _convert(stock, "stock-comma-utf-8.csv", _csv(44, "76"))
        _convert(stock, "stock.xlsx", "xlsx:Calc MS Excel 2007 XML")
        _convert(numbers, "ids-as-numbers.csv", _csv(44, "76"))
        _convert(numbers, "ids-as-numbers.xlsx", "xlsx:Calc MS Excel 2007 XML")
        _convert(prices, "prices-german.csv", _csv(59, "ANSI"))
        _convert(prices, "prices-german.xlsx", "xlsx:Calc MS Excel 2007 XML")
        _convert(stock, "stock.xls", "xls:MS Excel 97")
    return 0


def _csv(delimiter: int, charset: str) -> str:
    """Return the filter for CSV; source: the documentation of LibreOffice's filter options."""
    return f"csv:Text - txt - csv (StarCalc):{delimiter},34,{charset},1"


def _convert(source: Path, name: str, to: str) -> None:
    folder = source.parent / "out"
    subprocess.run(  # noqa: S603
        ["soffice", "--headless", f"-env:UserInstallation={(source.parent / 'user').as_uri()}",  # noqa: S607
         "--convert-to", to, "--outdir", str(folder), str(source)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    written = folder / f"{source.stem}{Path(name).suffix}"
    (FOLDER / name).write_bytes(written.read_bytes())
    written.unlink()


def _flat(path: Path, sheets: dict[str, Rows], *, places: int = 0, grouping: bool = False) -> Path:
    has_style = bool(places)
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(_row(row, has_style) for row in rows)}'
        "</table:table>"
        for name, rows in sheets.items()
    )
    style = _STYLE.format(places=places, grouping=str(grouping).lower()) if has_style else ""
    path.write_text(_FLAT.format(styles=style, sheets=tables))
    return path


def _row(row: Sequence[Cell], has_style: bool) -> str:
    cells = "".join(_cell(one, has_style) for one in row)
    return f"<table:table-row>{cells}</table:table-row>"


def _cell(value: Cell, has_style: bool) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, str):
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
    style = ' table:style-name="c1"' if has_style else ""
    return f'<table:table-cell{style} office:value-type="float" office:value="{value}"/>'


if __name__ == "__main__":
    sys.exit(main())
