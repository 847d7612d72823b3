"""Make XLSX files: well-formed ones, and some that are meant to harm."""

import io
import zipfile
from collections.abc import Callable, Sequence

from xlsxwriter import Workbook

Row = Sequence[str | float | None]


def sheet(*rows: Row, names: Sequence[str] = ("Stock",)) -> bytes:
    """Return a file with these rows in each of its sheets."""
    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as workbook:
        for name in names:
            one = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    if isinstance(value, str):
                        one.write_string(number, place, value)
                    elif value is not None:
                        one.write(number, place, value)
    return content.getvalue()


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with another part whose name ends with `part`."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            found = source.read(name)
            target.writestr(name, change(found) if name.endswith(part) else found)
    return written.getvalue()
