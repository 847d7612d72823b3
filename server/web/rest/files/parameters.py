"""What the sender of a file may say of it, in parameters of the URL."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from server.domain.errors import quoted
from server.web.rest.files.encoding import ENCODINGS, encoding_of
from server.web.rest.kind import RestKind
from server.web.rest.names import plain

_Value = TypeVar("_Value")

COLUMNS, DELIMITER, ENCODING = "columns", "delimiter", "encoding"
QUOTE, SHEET, STRICT = "quote", "sheet", "strict"
NAMES = (COLUMNS, DELIMITER, ENCODING, QUOTE, SHEET, STRICT)
_DELIMITERS = {
    **{one: one for one in (",", ";", "\t", "|")},
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
}
_QUOTES = {'"': '"', "'": "'", "double": '"', "single": "'", "none": ""}
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileParameters:
    """The parameters; None for what is to be detected.

    `columns` are names in a header, in their plain form, and the column that each stands for: ""
    for a column to be ignored. `strict`: an unknown column refuses the file.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    sheet: str | None = None
    strict: bool = False

    def with_delimiter(self, delimiter: str) -> "FileParameters":
        """Return the parameters with a delimiter that the file itself says."""
        return replace(self, delimiter=delimiter)

    @property
    def of_texts(self) -> tuple[str, ...]:
        """Return the names of those that were sent and are about a text."""
        named = {DELIMITER: self.delimiter, ENCODING: self.encoding, QUOTE: self.quote}
        return tuple(name for name, value in named.items() if value is not None)

    @property
    def of_tables(self) -> tuple[str, ...]:
        """Return the names of those that were sent and are about a table."""
        named = {COLUMNS: self.columns, SHEET: self.sheet, STRICT: self.strict}
        return (*(name for name, value in named.items() if value), *self.of_texts)


def read_parameters(query: Mapping[str, str], kind: RestKind, faults: list[str]) -> FileParameters:
    """Return the parameters of a file, and add to `faults` what is wrong with them."""
    sent = {name: query[name] for name in NAMES if query.get(name)}
    encoding = encoding_of(sent[ENCODING]) if ENCODING in sent else None
    if ENCODING in sent and encoding is None:
        faults.append(f"encoding {quoted(sent[ENCODING])} is none of {', '.join(ENCODINGS)}.")
    return FileParameters(
        columns=_columns(sent.get(COLUMNS, ""), kind, faults),
        delimiter=_one_of(_DELIMITERS, DELIMITER, sent, "comma, semicolon, tab or pipe", faults),
        encoding=encoding,
        quote=_one_of(_QUOTES, QUOTE, sent, "double, single or none", faults),
        sheet=sent.get(SHEET),
        strict=bool(_one_of(_FLAGS, STRICT, sent, "true or false", faults)),
    )


def _columns(text: str, kind: RestKind, faults: list[str]) -> dict[str, str]:
    """Return the mapping of `artikel:productId,menge:quantity`; `note:` ignores a column."""
    known = {plain(name): name for name in kind.columns} | {"": ""}
    found: dict[str, str] = {}
    for pair in text.split(",") if text else ():
        name, colon, column = pair.rpartition(":")
        if not colon or not plain(name) or plain(column) not in known:
            faults.append(
                f"columns has {quoted(pair)}: write the name in the file, a colon, and one of "
                f"{', '.join(kind.columns)} (or nothing, to ignore the column)."
            )
        elif plain(name) in found:
            faults.append(f"columns has {quoted(name)} twice.")
        else:
            found[plain(name)] = known[plain(column)]
    return found


def _one_of(
    values: Mapping[str, _Value],
    name: str,
    sent: Mapping[str, str],
    possible: str,
    faults: list[str],
) -> _Value | None:
    if name not in sent:
        return None
    if sent[name].lower() not in values:
        faults.append(f"{name} {quoted(sent[name])} is not {possible}.")
    return values.get(sent[name].lower())
