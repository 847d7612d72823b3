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
        self._hash_of_0_1_0 = hashlib.sha256()  # in which 5.0 is not 5
        self._has_key = request.key is not None
        self._add_as_sent(
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
                self._add(one)

    def digest(self) -> str:
        return self._hash.hexdigest()

    def is_that_of(self, digest: str | None) -> bool:
        """Return whether a batch with this digest was stored for the same content.

        A batch that 0.1.0 stored has the hash of the numbers as they were sent.
        """
        return digest in (self._hash.hexdigest(), self._hash_of_0_1_0.hexdigest())

    def _add(self, item: Input) -> None:
        as_sent, in_one_form = _line(item), _line(_with_one_form(item))
        self._hash.update(in_one_form)
        self._hash_of_0_1_0.update(as_sent)

    def _add_as_sent(self, value: Any) -> None:
        line = _line(value)
        self._hash.update(line)
        self._hash_of_0_1_0.update(line)


def _line(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def _with_one_form(value: Any) -> Any:
    """5.0 is 5, and -0.0 is 0, as in JSON: which one is sent is the client's library's choice."""
    if isinstance(value, Mapping):
        return {name: _with_one_form(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_one_form(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
