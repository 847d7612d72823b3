"""What every line of the log says about the batch for which work is done."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[str, object]] = MappingProxyType({})

_current: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default=_NONE)


def current_log_fields() -> Mapping[str, object]:
    """Return the fields of the current work; none outside of any batch."""
    return _current.get()


@contextmanager
def logged_with(fields: Mapping[str, object]) -> Iterator[None]:
    """Add the fields to all lines that the block logs, also in tasks that it begins."""
    token = _current.set({**_current.get(), **fields})
    try:
        yield
    finally:
        _current.reset(token)
