"""Read rows out of a text of NDJSON or CSV, and say why a text is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from server.domain.errors import BadInput
from server.web.rest.files.csv_rows import CsvRows
from server.web.rest.kind import RestKind
from server.web.rest.ndjson import NdjsonRows
from tests.support.web.streamed_rows import read

ID = "00000000000000000000000a"


def read_csv(kind: RestKind, text: str) -> list[Any]:
    return read(CsvRows(kind), text.encode())


def read_ndjson(kind: RestKind, text: str) -> list[dict[str, Any]]:
    return read(NdjsonRows(kind), text.encode())


def refusal(reading: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as caught:
        reading()
    return str(caught.value)
