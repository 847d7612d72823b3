"""Values of JSON in the messages of graphql-core: true, null and "text", not True, None and 'text'.

graphql-core words every value with one function, and writes it as Python does. It has no setting
for that, so the function is replaced, for values that JSON can hold; a test watches each message.
"""

import importlib
import json
from typing import Any

from server.domain.json_words import number_word

_LONGEST = 240  # characters of a text, as graphql-core cuts it
_MOST = 10  # entries of a list or an object
_DEEPEST = 2  # lists and objects within each other

_inspection: Any = importlib.import_module("graphql.pyutils.inspect")
_as_python = _inspection.inspect_recursive


def speak_json() -> None:
    """Let graphql-core word values as JSON. Doing it again changes nothing."""
    _inspection.inspect_recursive = _as_json


def _as_json(value: Any, seen: list[Any]) -> str:
    match value:
        case None:
            return "null"
        case bool() | float():
            return number_word(value)
        case str():
            text = json.dumps(value[:_LONGEST], ensure_ascii=False)
            return text if len(value) <= _LONGEST else f'{text[:-1]}…"'
        case list() if len(seen) < _DEEPEST:
            entries = [_as_json(one, [*seen, value]) for one in value[:_MOST]]
            return f"[{', '.join(entries + ['…'] * (len(value) > _MOST))}]"
        case dict() if len(seen) < _DEEPEST:
            pairs = list(value.items())[:_MOST]
            entries = [
                f"{_as_json(name, [])}: {_as_json(one, [*seen, value])}" for name, one in pairs
            ]
            return "{" + ", ".join(entries + ["…"] * (len(value) > _MOST)) + "}"
        case _:
            return str(_as_python(value, seen))
