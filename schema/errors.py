"""Errors of a whole request: what the caller did wrong is told, what we did wrong is masked."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from server.domain.errors import CommitUnknown, DatabaseUnavailable, RequestError, WriteConflict

log = logging.getLogger(__name__)

# GraphQL's own: syntax, validation, variables. They have no path, for no resolver has begun; nor has
# what the source of a subscription fails on, but that is ours.
_REFUSALS = (
    GraphQLError,
    MissingQueryError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
    RecursionError,
)
# What graphql-core says is too little to act on.
_CLEARER = {
    "Validation aborted.": "The query was not executed: its fragments are nested too deeply, or too many fields and "
    "fragments stand where they might conflict. Send a simpler one."
}
_UNREACHABLE = "The database cannot be reached just now; try again later."
_UNKNOWN = "The database did not say whether this took effect: look before you send it again."
_WITH_KEY = (
    "The request could not be answered just now. Send it again with the same idempotency key: what is "
    "missing is done then, and nothing is done twice."
)


@contextmanager
def told_with(key: str | None) -> Iterator[None]:
    """Where there is a key, what fails for want of a database may be sent again: say so."""
    try:
        yield
    except (DatabaseUnavailable, WriteConflict, CommitUnknown) as error:
        if key is None:
            raise
        log.warning("A request with a key could not be answered: %s", error)
        raise GraphQLError(_WITH_KEY, extensions={"code": "UNAVAILABLE"}) from error


def tell(errors: list[GraphQLError]) -> None:
    """Put what the caller may see in place of each error. Doing it again changes nothing."""
    errors[:] = [told(error) for error in errors]


def told(error: GraphQLError) -> GraphQLError:
    """What the caller sees in place of `error`."""
    if "code" in (error.extensions or {}):
        return error
    cause = error.original_error
    if isinstance(cause, RequestError):
        return _with_code(error, str(cause), cause.code)
    if isinstance(cause, DatabaseUnavailable | WriteConflict):  # the latter: the snapshot is gone
        log.warning("A request could not be answered: %s", cause)
        return _with_code(error, _UNREACHABLE, "UNAVAILABLE")
    if isinstance(cause, CommitUnknown):
        log.warning("What became of a request is not known: %s", cause)
        return _with_code(error, _UNKNOWN, "UNAVAILABLE")
    if cause is None or (not error.path and isinstance(cause, _REFUSALS)):
        return _with_code(error, _CLEARER.get(error.message, error.message), "BAD_INPUT")
    error_id = uuid4().hex
    log.error("A resolver failed", exc_info=cause, extra={"error_id": error_id, "path": error.path})
    masked = _with_code(error, f"Internal error. (Error {error_id})", "INTERNAL")
    (masked.extensions or {})["errorId"] = error_id
    return masked


def _with_code(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )
