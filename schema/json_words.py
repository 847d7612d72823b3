"""Values in the messages of graphql-core as JSON: true, null and "text", not True, None and 'text'.

graphql-core words every value with one function, and writes it as Python does. It has no setting
for that, so the function is replaced, for values that JSON can hold; a test watches the messages.
"""

import importlib
from typing import Any

from server.domain.json_words import json_word

_inspection: Any = importlib.import_module("graphql.pyutils.inspect")
_as_python = _inspection.inspect_recursive


def speak_json() -> None:
    """Let graphql-core word values as JSON. Doing it again changes nothing."""
    _inspection.inspect_recursive = _as_json


def _as_json(value: Any, seen: list[Any]) -> str:
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return json_word(value, len(seen))
    return str(_as_python(value, seen))
