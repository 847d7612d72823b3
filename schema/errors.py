"""Errors of a whole request: a caller's mistake is explained, a fault of the server is masked."""

import logging
from uuid import uuid4

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from server.domain.errors import cut
from server.domain.refusal import BAD_INPUT, Refusal, extensions_of, refusal_of

log = logging.getLogger(__name__)

# GraphQL's own: syntax, validation, variables. They have no path, since no resolver has begun. An
# error of a subscription's source has no path either, but is never of these types.
_CALLERS_MISTAKES = (
    GraphQLError,
    MissingQueryError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
    RecursionError,
)
_LONGEST_MESSAGE = 500  # characters: graphql-core quotes names and values whole, even of 1 MB
# What graphql-core says is too little to act on.
_CLEARER = {
    "Validation aborted.": "The query was not executed: its fragments are nested too deeply, or too many fields and "
    "fragments stand where they might conflict. Send a simpler one."
}


def replace_errors(errors: list[GraphQLError]) -> None:
    """Replace each error by what the caller may see. Doing it again changes nothing."""
    errors[:] = [client_error(error) for error in errors]


def client_error(error: GraphQLError) -> GraphQLError:
    """Return what the caller sees in place of `error`, and log the cause where it is ours."""
    if "code" in (error.extensions or {}):
        return error
    refusal = _refusal(error)
    shown = GraphQLError(refusal.message, path=error.path, extensions=extensions_of(refusal))
    # Not passed above, where its places would be counted again, over all lines of the text.
    shown.nodes, shown.source, shown.positions = error.nodes, error.source, error.positions
    shown.locations = error.locations
    return shown


def _refusal(error: GraphQLError) -> Refusal:
    cause = error.original_error
    if cause is None or (not error.path and isinstance(cause, _CALLERS_MISTAKES)):
        return Refusal(
            code=BAD_INPUT,
            message=cut(_in_json(_CLEARER.get(error.message, error.message)), _LONGEST_MESSAGE),
        )
    refusal = refusal_of(cause, uuid4().hex)
    if refusal.error_id:
        fields = {"error_id": refusal.error_id, "path": error.path}
        log.error("A resolver failed", exc_info=cause, extra=fields)
    elif refusal.log_level is not None:
        log.log(refusal.log_level, "A request could not be answered: %s", cause)
    return refusal


def _in_json(message: str) -> str:
    """Return the message with `null` where graphql-core says `None` in words of its own."""
    return message.removesuffix("to be None.") + "to be null." * message.endswith("to be None.")
