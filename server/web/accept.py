"""The header Accept: how much a client likes a media type."""

from collections.abc import Mapping, Sequence


def qualities(accept: str) -> dict[str, float]:
    """0 to 1 for every range that is named, in lower case; parameters but `q` do not count."""
    named = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (one.strip() for one in part.split(";"))
        weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        named[media_range] = _number(weight)
    return named


def quality(named: Mapping[str, float], ranges: Sequence[str]) -> float:
    """That of the first of `ranges`, which go from narrow to wide, that is named; 0 for none."""
    return next((named[one] for one in ranges if one in named), 0.0)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0
