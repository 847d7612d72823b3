"""Errors of a whole request: what the caller did wrong is told, what we did wrong is masked."""

import logging
from uuid import uuid4

from graphql import GraphQLError

from server.domain.errors import DatabaseUnavailable, RequestError, WriteConflict

log = logging.getLogger(__name__)


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
        log.warning("A query could not be answered: %s", cause)
        return _with_code(
            error, "The database cannot be reached just now; try again later.", "UNAVAILABLE"
        )
    if cause is None or not error.path:  # GraphQL's own: syntax, validation, variables
        return _with_code(error, error.message, "BAD_INPUT")
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
