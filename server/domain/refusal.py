"""What a caller is told in place of an answer: one mapping from errors, for every door.

A door adds its own form (a status, a header, `extensions`) and writes the log line.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    IssuerUnavailable,
    KeyInUse,
    Overloaded,
    QueueFull,
    RateLimited,
    RequestError,
    ServerStops,
    StockbatchError,
    WriteConflict,
)
from server.domain.request_id import current_request_id

BAD_INPUT = RequestError.code
INTERNAL = "INTERNAL"
UNAVAILABLE = "UNAVAILABLE"
_QUEUE_SECONDS = 5  # a worker has probably ended some chunks by then
_SOON_SECONDS = 1

_UNREACHABLE = "The database cannot be reached just now; try again later."
_UNKNOWN = (
    "The database did not say whether this took effect: look before you send it again. "
    "With an idempotency key, a request can be sent again without doing anything twice."
)
_WITH_KEY = (
    "The request could not be answered just now. Send it again with the same idempotency key: what "
    "is missing is done then, and nothing is done twice."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A code and a sentence for the caller, and the level at which the log notes the cause.

    `retry_after_seconds` is when the same request may succeed; None if that is not known.
    `error_id` names a fault of the server, and the log line has it as well. `log_level` is None for
    a mistake of the caller, which needs no line.
    """

    code: str
    message: str
    retry_after_seconds: int | None = None
    error_id: str | None = None
    log_level: int | None = None


def named(refusal: Refusal) -> dict[str, str]:
    """Return what names a fault of the server in the log: `errorId` and `requestId`; else nothing.

    A caller's mistake needs no name: its answer has the header `X-Request-Id`.
    """
    if refusal.error_id is None:
        return {}
    request_id = current_request_id()
    return {"errorId": refusal.error_id} | ({"requestId": request_id} if request_id else {})


def extensions_of(refusal: Refusal) -> dict[str, Any]:
    """Return what programs read of a refusal, in GraphQL's `extensions` and Convex's `data`."""
    extensions: dict[str, Any] = {"code": refusal.code}
    if refusal.retry_after_seconds is not None:
        extensions["retryAfterSeconds"] = refusal.retry_after_seconds
    return extensions | named(refusal)


STOPS = "The server stops. Nothing was done: send the request again, also to another one."
_NOTHING_DONE = Refusal(code=UNAVAILABLE, message=STOPS, retry_after_seconds=_SOON_SECONDS)
_MAY_HAVE_CHANGED = Refusal(
    code=UNAVAILABLE,
    message="The server stops, and what has begun goes on to its end. With an idempotency key, "
    "send the request again: nothing is done twice. Without one, look at stockUpdates or "
    "batchOperations first.",
)


def cut_short(*, has_begun: bool) -> Refusal:
    """Return what the caller of a request is told that a server which stops cannot wait for.

    `has_begun` says whether the request may have changed something, or may still do so.
    """
    return _MAY_HAVE_CHANGED if has_begun else _NOTHING_DONE


class UnansweredWithKey(StockbatchError):
    """The database failed a request with an idempotency key, which may be sent again."""


@contextmanager
def answered_with(key: str | None) -> Iterator[None]:
    """Turn what the database failed on into `UnansweredWithKey` if the request has a key."""
    try:
        yield
    except (DatabaseUnavailable, WriteConflict, CommitUnknown) as error:
        if key is None:
            raise
        raise UnansweredWithKey(str(error)) from error


def refusal_of(error: BaseException, error_id: str) -> Refusal:
    """Return what the caller is told in place of `error`.

    `error_id` is a new id, which only a fault of the server takes.
    """
    match error:
        case RequestError():
            return Refusal(
                code=error.code, message=str(error), retry_after_seconds=_retry_after(error)
            )
        case UnansweredWithKey():
            return _unavailable(_WITH_KEY)
        case CommitUnknown():
            return _unavailable(_UNKNOWN)
        case DatabaseUnavailable() | WriteConflict():
            return _unavailable(_UNREACHABLE)
    return Refusal(
        code=INTERNAL,
        message=f"Internal error. (Error {error_id})",
        error_id=error_id,
        log_level=logging.ERROR,
    )


def _retry_after(error: RequestError) -> int | None:
    match error:
        case QueueFull():
            return _QUEUE_SECONDS
        case KeyInUse() | ServerStops():
            return _SOON_SECONDS
        case Overloaded() | RateLimited() | IssuerUnavailable():
            return error.retry_after_seconds
    return None


def _unavailable(message: str) -> Refusal:
    return Refusal(
        code=UNAVAILABLE,
        message=message,
        retry_after_seconds=_SOON_SECONDS,
        log_level=logging.WARNING,
    )
