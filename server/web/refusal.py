"""What a door answers in place of a result: the status and headers of each refusal over HTTP."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException

from server.domain.errors import StockbatchError
from server.domain.refusal import BAD_INPUT, UNAVAILABLE, Refusal, refusal_of

PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
STATUSES: Mapping[str, int] = {
    BAD_INPUT: 400,
    "QUERY_TOO_EXPENSIVE": 400,
    PERSISTED_QUERY_NOT_SUPPORTED: 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "IDEMPOTENCY_KEY_IN_USE": 409,
    "BATCH_TOO_LARGE": 413,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "MISDIRECTED_REQUEST": 421,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "QUEUE_FULL": 429,
    "RATE_LIMITED": 429,
    "INTERNAL": 500,
    "OVERLOADED": 503,
    UNAVAILABLE: 503,
}
MOST_REASONS = 20  # shown at most: thousands of items may be wrong in the same way

log = logging.getLogger(__name__)


class Refused(StockbatchError):
    """The caller gets `refusal` in place of a result.

    Nothing was done, unless its code is UNAVAILABLE, INTERNAL or IDEMPOTENCY_KEY_IN_USE. `reasons`
    say what is wrong with the request, and `allow` are the methods that a path has. `file` is what
    was found out about a file before it was refused.
    """

    def __init__(
        self,
        refusal: Refusal,
        *,
        reasons: Sequence[str] = (),
        allow: Sequence[str] = (),
        file: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(refusal.message)
        self.refusal, self.reasons, self._allow, self.file = refusal, reasons, allow, file

    @property
    def status(self) -> int:
        """Return the HTTP status of the refusal."""
        return STATUSES[self.refusal.code]

    @property
    def headers(self) -> Mapping[str, str]:
        """Return what the answer says beside its body.

        These are `Allow`, `Retry-After`, and `WWW-Authenticate` as RFC 6750 wants it.
        """
        headers = {"Allow": ", ".join(self._allow)} if self._allow else {}
        if self.status == STATUSES["UNAUTHENTICATED"]:
            headers["WWW-Authenticate"] = "Bearer"
        if self.refusal.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.refusal.retry_after_seconds)
        return headers


def bad_input(reasons: Sequence[str], uncounted: int = 0) -> Refused:
    """Return a refusal with the first 20 things that are wrong, and a count of the rest.

    `uncounted` is how many more there are than `reasons`.
    """
    total = len(reasons) + uncounted
    message = reasons[0] if total == 1 else f"{total} things are wrong with the request."
    shown = list(reasons[:MOST_REASONS])
    if total > len(shown):
        shown.append(f"And {total - len(shown)} more.")
    return Refused(Refusal(code=BAD_INPUT, message=message), reasons=shown)


def no_persisted_queries() -> Refused:
    """Return the refusal of a hash in place of a query, in the words that clients look for.

    Apollo Client and urql then send the query itself. Source: Apollo's protocol of automatic
    persisted queries.
    """
    return _of_code(PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")


def not_found(message: str) -> Refused:
    """Return the refusal of a path or a batch that does not exist."""
    return _of_code("NOT_FOUND", message)


def require_method(sent: str, *possible: str) -> None:
    """Check the method of a request.

    Raises:
        Refused: it is none of `possible`, which the message and the header Allow name.
    """
    if sent not in possible:
        raise wrong_method(possible, sent)


def wrong_method(possible: Sequence[str], sent: str = "This method") -> Refused:
    """Return the refusal of a method that is none of `possible`."""
    names = " or ".join(name for name in possible if name != "HEAD")
    message = f"{sent} is not possible here: send {names}."
    return Refused(Refusal(code="METHOD_NOT_ALLOWED", message=message), allow=possible)


def misdirected() -> Refused:
    """Return the refusal of a request to a name that is none of the server's."""
    return _of_code(
        "MISDIRECTED_REQUEST",
        "The server does not answer under the name in the header Host: call it by another one, or "
        "add it to ALLOWED_HOSTS.",
    )


def other_origin() -> Refused:
    """Return the refusal of a page that may not call."""
    return _of_code(
        "FORBIDDEN",
        "Pages of this origin may not call: CORS_ORIGINS does not have it.",
    )


def not_acceptable(message: str) -> Refused:
    """Return the refusal of a request whose header Accept names no format that this path has."""
    return _of_code("NOT_ACCEPTABLE", message)


def too_large(message: str) -> Refused:
    """Return the refusal of a body with too many bytes."""
    return _of_code("REQUEST_TOO_LARGE", message)


def unsupported(message: str) -> Refused:
    """Return the refusal of a body in a format that this path does not accept."""
    return _of_code("UNSUPPORTED_MEDIA_TYPE", message)


def to_refused(error: Exception) -> Refused:
    """Return what the caller gets in place of `error`; log the cause unless it is their mistake."""
    match error:
        case Refused():
            return error
        case HTTPException():
            return _of_starlette(error)
    refusal = refusal_of(error, uuid4().hex)
    if refusal.error_id:
        log.error("A request failed", exc_info=error, extra={"error_id": refusal.error_id})
    elif refusal.log_level is not None:
        log.log(refusal.log_level, "A request could not be answered: %s", error)
    return Refused(refusal, reasons=[refusal.message] if refusal.code == BAD_INPUT else ())


def _of_starlette(error: HTTPException) -> Refused:
    """Return the refusal of a path or a method that no route has."""
    match error.status_code:
        case 404:
            return not_found("There is nothing at this path.")
        case 405:
            allowed = sorted((error.headers or {}).get("Allow", "GET, HEAD").split(", "))
            return wrong_method(allowed)
    return _of_code(BAD_INPUT, f"{error.detail}.")


def _of_code(code: str, message: str) -> Refused:
    return Refused(Refusal(code=code, message=message))
