"""What an idempotency key stands for: the content of its request."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from server.batches.request import BatchRequest
from server.domain.item_result import Input


class Content:
    """What a key stands for: a hash of the whole request, which may come piece by piece."""

    def __init__(self, request: BatchRequest, *, in_background: bool) -> None:
        self._hash = hashlib.sha256()
        self._has_key = request.key is not None
        self._add(
            [
                request.work.kind.name,
                dict(request.work.settings),
                asdict(request.options),
                in_background,
                request.retry_of,
                dict(request.answer_options),
            ]
        )

    def add(self, inputs: Iterable[Input]) -> None:
        if self._has_key:  # otherwise nobody asks
            for one in inputs:
                self._add(_with_one_form(one))

    def digest(self) -> str:
        return self._hash.hexdigest()

    def _add(self, value: Any) -> None:
        self._hash.update(json.dumps(value, sort_keys=True).encode())
        self._hash.update(b"\n")


def _with_one_form(value: Any) -> Any:
    """5.0 is 5, and -0.0 is 0, as in JSON: which one is sent is the client's library's choice."""
    if isinstance(value, Mapping):
        return {name: _with_one_form(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_one_form(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
