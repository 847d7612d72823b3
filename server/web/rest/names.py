"""Names of columns: which one a name in a header means, and which one it resembles."""

from collections.abc import Collection, Mapping
from difflib import SequenceMatcher

_ALIKE = 0.75  # the ratio of difflib: "expected" is like "expectedStock", and "stock" is not
_LONGEST = 100  # characters: comparing takes a time that grows with their square


def plain(name: str) -> str:
    """Return the name in the form in which names are compared: without spaces, in lower case."""
    return "".join(name.split()).casefold()


def resembled(name: str, known: Mapping[str, str], taken: Collection[str] = ()) -> str | None:
    """Return the column that a name in its plain form is like; None if it is like none.

    `known` has columns by their plain form. Columns in `taken` stand in the header already.
    """
    letters = "".join(character for character in name if character.isalnum())
    if not letters or len(letters) > _LONGEST:
        return None
    ratios = {
        column: SequenceMatcher(None, letters, form).ratio()
        for form, column in known.items()
        if column not in taken
    }
    best = max(ratios, key=lambda column: ratios[column], default=None)
    return best if best is not None and ratios[best] >= _ALIKE else None
