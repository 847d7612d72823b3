"""What a door answers in place of a result: the status and headers of each refusal over HTTP."""

import logging
from collections.abc import Mapping, Sequence
from uuid import uuid4

from starlette.exceptions import HTTPException

from server.domain.errors import StockbatchError
from server.domain.refusal import BAD_INPUT, UNAVAILABLE, Refusal, refusal_of

# What a route accepts, so that the route itself refuses a method, in its own form.
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STATUSES: Mapping[str, int] = {
    BAD_INPUT: 400,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "IDEMPOTENCY_KEY_IN_USE": 409,
    "BATCH_TOO_LARGE": 413,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "QUEUE_FULL": 429,
    "INTERNAL": 500,
    UNAVAILABLE: 503,
}
_MOST_REASONS = 20  # of many thousands of items that are wrong in the same way
_STARLETTE_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}

log = logging.getLogger(__name__)


class Refused(StockbatchError):
    """The request is answered with `refusal`, and nothing of it was done.

    `reasons` are all that is wrong with the request; `allow` are the methods that a path has.
    """

    def __init__(
        self, refusal: Refusal, *, reasons: Sequence[str] = (), allow: Sequence[str] = ()
    ) -> None:
        super().__init__(refusal.message)
        self.refusal, self.reasons, self._allow = refusal, reasons, allow

    @property
    def status(self) -> int:
        """Return the HTTP status of the refusal."""
        return STATUSES[self.refusal.code]

    @property
    def headers(self) -> Mapping[str, str]:
        """Return what the answer says beside its body: `Allow`, `Retry-After`."""
        headers = {"Allow": ", ".join(self._allow)} if self._allow else {}
        if self.refusal.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.refusal.retry_after_seconds)
        return headers


def bad_input(reasons: Sequence[str]) -> Refused:
    """Return a refusal with all that is wrong with a request."""
    message = (
        reasons[0] if len(reasons) == 1 else f"{len(reasons)} things are wrong with the request."
    )
    shown = list(reasons[:_MOST_REASONS])
    if len(reasons) > _MOST_REASONS:
        shown.append(f"And {len(reasons) - _MOST_REASONS} more.")
    return Refused(Refusal(code=BAD_INPUT, message=message), reasons=shown)


def not_found(message: str) -> Refused:
    """Return the refusal of a path or a batch that does not exist."""
    return _of_code("NOT_FOUND", message)


def require_method(sent: str, *possible: str) -> None:
    """Check the method of a request.

    Raises:
        Refused: it is none of `possible`, which the message and the header Allow name.
    """
    if sent in possible:
        return
    names = " or ".join(name for name in possible if name != "HEAD")
    message = f"{sent} is not possible here: send {names}."
    raise Refused(Refusal(code="METHOD_NOT_ALLOWED", message=message), allow=possible)


def not_acceptable(message: str) -> Refused:
    """Return the refusal of a request whose header Accept has none of the possible formats."""
    return _of_code("NOT_ACCEPTABLE", message)


def too_large(message: str) -> Refused:
    """Return the refusal of a body with too many bytes."""
    return _of_code("REQUEST_TOO_LARGE", message)


def unsupported(message: str) -> Refused:
    """Return the refusal of a body in another format."""
    return _of_code("UNSUPPORTED_MEDIA_TYPE", message)


def to_refused(error: Exception) -> Refused:
    """Return what the caller is told in place of `error`, and log the cause where it is ours."""
    match error:
        case Refused():
            return error
        case HTTPException():  # Starlette's own: the path does not exist
            code = _STARLETTE_CODES.get(error.status_code, BAD_INPUT)
            return _of_code(code, f"{error.detail}.")
    refusal = refusal_of(error, uuid4().hex)
    if refusal.error_id:
        log.error("A request failed", exc_info=error, extra={"error_id": refusal.error_id})
    elif refusal.log_level is not None:
        log.log(refusal.log_level, "A request could not be answered: %s", error)
    return Refused(refusal, reasons=[refusal.message] if refusal.code == BAD_INPUT else ())


def _of_code(code: str, message: str) -> Refused:
    return Refused(Refusal(code=code, message=message))
