"""The header Accept, and others of its form: how much a client likes each of several things."""

from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers


def accepted(headers: Headers) -> str | None:
    """Return what a client accepts; None if it does not say. Several headers are one list."""
    sent = [value for value in headers.getlist("Accept") if value.strip()]
    return ", ".join(sent) or None


def qualities(accept: str) -> dict[str, float]:
    """Return 0 to 1 for every range in `accept`, in lower case; other parameters do not count."""
    found = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        found[media_range] = _number(weight)
    return found


def quality(found: Mapping[str, float], ranges: Sequence[str]) -> float:
    """Return the quality of the first of `ranges`, from narrow to wide, that is found, or 0."""
    return next((found[name] for name in ranges if name in found), 0.0)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0
