"""The header of a table: which of its names stands for which column of the kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.errors import BadInput, cut, quoted
from server.web.rest.files.parameters import FileParameters
from server.web.rest.kind import RestKind
from server.web.rest.names import plain, resembled

RESULT_PREFIX = "result."  # begins the name of each column that a download adds
_MOST_NAMED = 20  # unknown columns: a sheet can have 16 384
_MOST_TOLD = 100  # columns of a header


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The places of the kind's columns.

    `width` is the number of cells up to the last one that has a name. `ignored` are the names that
    stand for no column, and for a column without a name its letter, as in a spreadsheet.
    """

    columns: Sequence[tuple[int, str]]
    width: int
    ignored: Sequence[str]


def read_header(place: str, cells: Sequence[str], kind: RestKind, said: FileParameters) -> Header:
    """Return the header that stands at `place`, such as "Line 1".

    Raises:
        BadInput: a column is missing, stands there twice, or has a name that is nearly another.
    """
    names = [cell.strip() for cell in cells]
    width = max((end for end, name in enumerate(names, 1) if name), default=0)
    meant = [_meant(name, kind, said) for name in names[:width]]
    taken = [column for column in meant if column]
    for column in taken:
        if taken.count(column) > 1:
            twice = [quoted(name) for name, one in zip(names, meant, strict=False) if one == column]
            which = "twice" if len(set(twice)) == 1 else f"as {' and as '.join(twice)}"
            raise BadInput(f"{place} has the column {column} {which}.")
    unknown = [
        (number, name)
        for number, (name, column) in enumerate(zip(names, meant, strict=False))
        if column is None
    ]
    _require_no_likeness(place, [name for _, name in unknown], taken, kind)
    ignored = [name or f"(column {letters(number)})" for number, name in unknown]
    _require_mapped(place, names, taken, said)
    _require_columns(place, taken, ignored, kind)
    if said.strict and ignored:
        raise BadInput(
            f"{place} has the unknown column {_list(ignored)}: there may be "
            f"{', '.join(kind.columns)}."
        )
    ignored += [
        name
        for name, column in zip(names, meant, strict=False)
        if column == "" and not plain(name).startswith(RESULT_PREFIX)
    ]
    columns = [(number, column) for number, column in enumerate(meant) if column]
    return Header(columns=columns, width=width, ignored=ignored)


def named_columns(
    cells: Sequence[str], kind: RestKind, said: FileParameters
) -> list[dict[str, str | None]]:
    """Return the names in a header, each with the column that it stands for; None for no column.

    Those of a download's result are left out: they are skipped.
    """
    return [
        {"name": cut(name), "column": _meant(name, kind, said) or None}
        for name in (cell.strip() for cell in cells[:_MOST_TOLD])
        if name and not plain(name).startswith(RESULT_PREFIX)
    ]


def letters(number: int) -> str:
    """Return the letters that a spreadsheet gives to a column; the first is number 0."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _meant(name: str, kind: RestKind, said: FileParameters) -> str | None:
    """Return the column that a name stands for: "" for none, None if that is not known."""
    form = plain(name)
    if form in said.columns:
        return said.columns[form]
    if form.startswith(RESULT_PREFIX):
        return ""
    return kind.plain_columns.get(form)


def _require_no_likeness(
    place: str, unknown: Sequence[str], taken: Sequence[str], kind: RestKind
) -> None:
    """Refuse a name that is nearly a column: what it guards would be lost."""
    for name in unknown:
        column = resembled(plain(name), kind.plain_columns, taken)
        if column is not None:
            raise BadInput(
                f"{place} has the unknown column {quoted(name)}: did you mean {column}? Rename it, "
                f"or say what it is: columns={cut(name)}:{column}, "
                f"or columns={cut(name)}: to ignore it."
            )


def _require_mapped(
    place: str, names: Sequence[str], taken: Sequence[str], said: FileParameters
) -> None:
    """Refuse a mapping of a name that is not there, unless its column is, as in a download."""
    forms = {plain(name) for name in names}
    for form, column in said.columns.items():
        if column and form not in forms and column not in taken:
            raise BadInput(f"{place} has no column {quoted(form)}, which is to be the {column}.")


def _require_columns(
    place: str,
    taken: Sequence[str],
    ignored: Sequence[str],
    kind: RestKind,
) -> None:
    missing = [name for name in kind.columns if name in kind.required_columns - set(taken)]
    if not missing:
        return
    fault = f"{place} is the header, and has no column {', '.join(missing)}."
    if ignored:
        fault += (
            f" It has {_list(ignored)}: if one of them is {missing[0]}, say so with "
            f"columns={cut(ignored[0])}:{missing[0]}."
        )
    raise BadInput(fault)


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(quoted, names[:_MOST_NAMED])) + more
