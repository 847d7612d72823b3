"""Draw rows of each kind of batch, and read bodies in pieces."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from server.kinds.item_field import Cell
from server.web.rest.kind import BY_PATH, RestKind
from server.web.rest.rows import Rows

STOCK = BY_PATH["batch-update-stock"]
PRICE = BY_PATH["batch-update-price"]
CREATE = BY_PATH["batch-create-products"]
UPDATE = BY_PATH["batch-update-products"]
DELETE = BY_PATH["batch-delete-products"]
KINDS = list(BY_PATH.values())

PIECES = st.lists(st.integers(min_value=0), max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
CELLS: Mapping[Cell, st.SearchStrategy[Any]] = {
    Cell.TEXT: TEXTS,
    Cell.NUMBER: st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False),
    Cell.FLAG: st.booleans(),
}


def read(rows: Rows, body: bytes, pieces: Sequence[int] = ()) -> list[dict[str, Any]]:
    """Return the items of a body that is cut at `pieces`."""
    items = []
    cuts = [0, *sorted(cut % (len(body) + 1) for cut in pieces), len(body)]
    for start, end in pairwise(cuts):
        items += rows.feed(body[start:end])
    return items + rows.end()


@st.composite
def tables(draw: st.DrawFn) -> tuple[RestKind, list[dict[str, Any]]]:
    """Draw a kind, and flat items of it, from which fields may be left out."""
    kind = draw(st.sampled_from(KINDS))
    fields = {name: CELLS[cell] for name, cell in kind.columns.items()}
    return kind, draw(st.lists(st.fixed_dictionaries({}, optional=fields), max_size=5))


def nested(kind: RestKind, flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the item that has these cells."""
    if kind.parent is None:
        return dict(flat)
    inner = {name: flat[name] for name in kind.parent_keys if name in flat}
    return {name: flat[name] for name in flat if name not in inner} | {kind.parent: inner}


def trimmed(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells as CSV is read: trimmed, and those left out that are empty then."""
    cells = {name: one.strip() if isinstance(one, str) else one for name, one in flat.items()}
    return {name: one for name, one in cells.items() if one != ""}
