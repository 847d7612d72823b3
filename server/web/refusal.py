"""What is told in place of an answer: what the caller did wrong, and what we did wrong masked."""

import logging
from collections.abc import Mapping, Sequence
from uuid import uuid4

from starlette.exceptions import HTTPException

from server.domain.errors import (
    BatchTooLarge,
    CommitUnknown,
    DatabaseUnavailable,
    KeyInUse,
    KeyReused,
    QueueFull,
    RequestError,
    StockbatchError,
    WriteConflict,
)

# What a route accepts, so that the route itself refuses a method, in its own form.
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_MOST_REASONS = 20  # of many thousands of items that are wrong in the same way
_QUEUE_SECONDS = "5"  # until a worker has probably ended some chunks
_STATUSES: Sequence[tuple[type[RequestError], int, Mapping[str, str]]] = [
    (QueueFull, 429, {"Retry-After": _QUEUE_SECONDS}),
    (KeyInUse, 409, {"Retry-After": "1"}),
    (KeyReused, 422, {}),
    (BatchTooLarge, 413, {}),
]
_HTTP_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_UNREACHABLE = "The database cannot be reached just now; try again later."
_UNKNOWN = (
    "The database was lost while the batch was stored, and it may be there or not. With an "
    "Idempotency-Key the request can be sent again without doing anything twice."
)

log = logging.getLogger(__name__)


class Refused(StockbatchError):
    """The request is answered with this, and nothing of it was done."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        reasons: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        error_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.reasons = status, code, reasons
        self.headers = headers or {}
        self.error_id = error_id


def bad_input(reasons: Sequence[str]) -> Refused:
    """All that is wrong with a request, at once."""
    message = (
        reasons[0] if len(reasons) == 1 else f"{len(reasons)} things are wrong with the request."
    )
    told = list(reasons[:_MOST_REASONS])
    if len(reasons) > _MOST_REASONS:
        told.append(f"And {len(reasons) - _MOST_REASONS} more.")
    return Refused(400, "BAD_INPUT", message, reasons=told)


def not_found(message: str) -> Refused:
    return Refused(404, "NOT_FOUND", message)


def wrong_method(sent: str, *possible: str) -> Refused:
    return Refused(
        405,
        "METHOD_NOT_ALLOWED",
        f"{sent} is not possible here: send {possible[0]}.",
        headers={"Allow": ", ".join(possible)},
    )


def unavailable(message: str) -> Refused:
    return Refused(503, "UNAVAILABLE", message, headers={"Retry-After": "1"})


def refused(error: Exception) -> Refused:
    """What the caller is told in place of `error`."""
    match error:
        case Refused():
            return error
        case RequestError():
            return _of_request_error(error)
        case HTTPException():  # Starlette's own: no such path
            code = _HTTP_CODES.get(error.status_code, "BAD_INPUT")
            return Refused(error.status_code, code, f"{error.detail}.", headers=error.headers)
        case CommitUnknown():
            log.warning("A batch may have been stored: %s", error)
            return unavailable(_UNKNOWN)
        case DatabaseUnavailable() | WriteConflict():
            log.warning("A request could not be answered: %s", error)
            return unavailable(_UNREACHABLE)
    return _masked(error)


def _of_request_error(error: RequestError) -> Refused:
    for kind, status, headers in _STATUSES:
        if isinstance(error, kind):
            return Refused(status, error.code, str(error), headers=headers)
    return Refused(400, error.code, str(error), reasons=[str(error)])


def _masked(error: Exception) -> Refused:
    error_id = uuid4().hex
    log.error("A request failed", exc_info=error, extra={"error_id": error_id})
    return Refused(500, "INTERNAL", f"Internal error. (Error {error_id})", error_id=error_id)
