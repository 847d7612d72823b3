"""The settings for `--help`: the variable of each, its default and its meaning."""

from server.running import meanings
from server.settings import Settings


def rows() -> list[tuple[str, str]]:
    """Return a row for each setting, made of its field in `Settings`."""
    meaning = meanings()
    return [
        (name.upper(), f"{meaning[name]} [default: {_shown(field.default)}]")
        for name, field in Settings.model_fields.items()
    ]


def _shown(default: object) -> str:
    if default is None:
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)
