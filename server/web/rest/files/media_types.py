"""The media types of files, under the names that clients give them."""

from typing import Final

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Windows names CSV after the program that opens it. Whether a file is XLSX, its content says.
TABLES: Final = ("text/csv", "text/tab-separated-values", "application/vnd.ms-excel", XLSX)
FORM: Final = "multipart/form-data"
KNOWN: Final = (*NDJSON, *TABLES, FORM)
OTHER_CHARSETS: Final = (*TABLES, FORM)
SUFFIXES_OF_NDJSON: Final = (".ndjson", ".jsonl")


def bare(content_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()
