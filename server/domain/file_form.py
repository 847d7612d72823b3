"""The form of a file that a batch came in, so that its results can be written in the same form."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """What was detected of a file, or said by its sender; None where the format has no such thing.

    `format` is csv, ndjson or xlsx.
    """

    format: str
    encoding: str | None = None
    has_byte_order_mark: bool = False
    delimiter: str | None = None
    quote: str | None = None
    line_end: str | None = None
