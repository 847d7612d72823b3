"""The content that an idempotency key stands for, as a hash.

Databases hold these hashes: a change of what is hashed makes every key of an earlier version refuse
the very request that it was sent with.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from server.batches.request import BatchRequest
from server.domain.errors import BadInput
from server.domain.field_check import composed
from server.domain.item_result import FileItem, Input
from server.mongo.batches.stored_values import CHUNK_BYTES, size_of

_IDS = ("id", "productId")
_BYTES_AT_ONCE: Final = 64 * 1024
_written = json.JSONEncoder(sort_keys=True).encode


class Content:
    """A hash of a whole request, whose items may come piece by piece."""

    def __init__(self, request: BatchRequest, *, in_background: bool) -> None:
        self._hash = hashlib.sha256()
        self._hash_before = hashlib.sha256()  # in which texts are as they were sent
        self._hash_of_0_1_0 = hashlib.sha256()  # in which 5.0 is not 5, besides
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
        """Add the next items, in the order of the request.

        Raises:
            BadInput: an item is nested too deeply to be compared.
        """
        if self._has_key:  # without a key the hash is never compared
            for sent in inputs:
                self._add(sent)

    async def add_in_turns(self, inputs: Iterable[Input]) -> None:
        """Add items as `add` does, and let others run in between. Of an item that is too large to
        be stored its size counts alone.

        Measured: 10 000 stock updates take 60 ms, and a text of 30 MB 390.
        """
        if not self._has_key:
            return
        waiting = 0
        for sent in inputs:
            size = size_of(sent)
            self.add([sent if size <= CHUNK_BYTES else {"bytes": size}])
            waiting += size
            if waiting > _BYTES_AT_ONCE:
                waiting = 0
                await asyncio.sleep(0)

    def digest(self) -> str:
        """Return the hash of all that was added, in hexadecimal."""
        return self._hash.hexdigest()

    def is_that_of(self, digest: str | None) -> bool:
        """Return whether a batch with this digest was stored for the same content.

        A batch that 0.1.0 stored has the hash of numbers and texts as they were sent.
        """
        hashes = (self._hash, self._hash_before, self._hash_of_0_1_0)
        return digest in [one.hexdigest() for one in hashes]

    def _add(self, value: Any) -> None:
        try:
            self._hash.update(_line(_in_one_form(_canonical(value))))
            before = _in_0_1_0(value)
            self._hash_before.update(_line(_canonical(before)))
            self._hash_of_0_1_0.update(_line(before))
        except RecursionError as error:
            raise BadInput("An item is nested too deeply for a request with a key.") from error


def _in_0_1_0(value: Any) -> Any:
    """Return the item as version 0.1.0 read it from its file."""
    if isinstance(value, FileItem) and value.in_0_1_0 is not None:
        return value.in_0_1_0
    return value


def _line(value: Any) -> bytes:
    return _written(value).encode() + b"\n"


def _canonical(value: Any) -> Any:
    """Return the value with 5.0 as 5 and -0.0 as 0: JSON libraries write either for one number."""
    if isinstance(value, Mapping):
        return {name: _canonical(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_canonical(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _in_one_form(value: Any, name: str = "") -> Any:
    """Return the value as it is stored: ids in lower case, texts trimmed and in NFC, and a field
    that is null left out.
    """
    if isinstance(value, Mapping):
        sent = {name: part for name, part in value.items() if part is not None}
        return {name: _in_one_form(part, name) for name, part in sent.items()}
    if isinstance(value, list):
        return [_in_one_form(part) for part in value]
    if not isinstance(value, str):
        return value
    return value.lower() if name in _IDS else composed(value).strip()
