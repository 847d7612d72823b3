"""The id of the request that is being answered, which stands in every log line about it."""

import os
import re
from collections.abc import Iterable
from contextvars import Context, ContextVar, Token
from itertools import count
from typing import Final

_SANE: Final = re.compile(r"[\x21-\x7e]{1,128}")
_MOST_IDS: Final = 8  # of requests that share a transaction

# New ids have this process's own random beginning, and then a number: one costs 0.3 µs, a UUID 5.
_OWN: Final = os.urandom(10).hex()
_counted: Final = count(1)

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id_of(sent: str | None) -> str:
    """Return the id that a caller has sent if it is 1 to 128 printable ASCII characters without a
    space; else a new one.
    """
    return sent if sent and _SANE.fullmatch(sent) else f"{_OWN}{next(_counted):012x}"


def current_request_id() -> str | None:
    """Return the id of the current request; None outside of any."""
    return _current.get()


def set_request_id(request_id: str | None) -> Token[str | None]:
    """Make this the current request of the task."""
    return _current.set(request_id)


def reset_request_id(token: Token[str | None]) -> None:
    """Return to the request that was current before `set_request_id` returned `token`."""
    _current.reset(token)


def context_of(request_id: str | None) -> Context:
    """Return the context for a task that works for this request, whoever begins the task."""
    context = Context()
    context.run(_current.set, request_id)
    return context


def joined(request_ids: Iterable[str | None]) -> str | None:
    """Return the id for work that is done for several requests: their ids, or the first eight."""
    found = [request_id for request_id in request_ids if request_id is not None]
    shown = found[:_MOST_IDS] + (["…"] if len(found) > _MOST_IDS else [])
    return ",".join(shown) or None
