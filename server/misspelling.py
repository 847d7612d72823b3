"""Find environment variables whose names are misspelt names of settings.

The environment holds much that is meant for other programs. So a variable is judged by its name
alone, and two rules keep a server from being stopped by what is not meant for it:

* No variable is taken for a setting that is set itself, or for `HOST` or `PORT`: too many words
  are like these two.
* A name is doubtful, and only good for a warning, if it is like that of a setting which other
  programs have as well (`LOG_LEVELS`), or if it begins as a setting does and ends otherwise
  (`MAX_BATCH_SIZE`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

_ALIKE = 0.87  # the ratio of difflib: one letter of 8 may be another, or two letters of 16
_SHORTEST = 8  # letters of a setting that is looked for
_FOUND_ELSEWHERE = frozenset(
    {"CORS_ORIGINS", "DATA_DIR", "LOG_LEVEL", "MONGODB_DATABASE", "MONGODB_URI", "PUBLISH_URL"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspelling:
    """A variable that is no setting, and the setting whose name is most like its own."""

    name: str
    meant: str
    doubtful: bool  # it may be meant for another program

    def __str__(self) -> str:
        return f"There is no setting {self.name}: did you mean {self.meant}?"


def misspellings(environment: Mapping[str, str], settings: Collection[str]) -> list[Misspelling]:
    """Return the variables that are probably misspelt settings, sorted by name.

    `settings` are the right names, in upper case. As for the settings themselves, the case of a
    variable does not matter, and an empty one counts as not set.
    """
    written = {name.upper(): name for name, value in environment.items() if value}
    unset = [name for name in settings if name not in written and len(name) >= _SHORTEST]
    return [
        Misspelling(name=written[name], meant=meant, doubtful=_is_doubtful(name, meant))
        for name in sorted(written.keys() - set(settings))
        if (meant := _meant(name, unset))
    ]


def _meant(name: str, settings: Collection[str]) -> str | None:
    """Return the setting that the name is like, or whose first two of three words it has."""
    if alike := get_close_matches(name, settings, n=1, cutoff=_ALIKE):
        return alike[0]
    words = name.split("_")
    longer = (one for one in settings if one.count("_") == 2)
    return next((one for one in longer if one.split("_")[:2] == words[:2]), None)


def _is_doubtful(name: str, meant: str) -> bool:
    is_cut_short = meant.startswith(f"{name}_")
    is_alike = bool(get_close_matches(name, [meant], cutoff=_ALIKE))
    return meant in _FOUND_ELSEWHERE or is_cut_short or not is_alike
