"""The idempotency key in the header of a request."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection
from strawberry.http import GraphQLRequestData

from server.batches.idempotency.key import ARGUMENT, HEADER


def key_headers(connection: HTTPConnection) -> tuple[str, ...]:
    """Return each `Idempotency-Key` header as it was sent, for `request_key` to judge.

    A WebSocket's headers are sent once for all its operations, so they hold no key of any.
    """
    if connection.scope["type"] != "http":
        return ()
    return tuple(value.strip(" \t") for value in connection.headers.getlist(HEADER))


def has_key(connection: HTTPConnection, sent: GraphQLRequestData) -> bool:
    """Return whether a request may have a key, in a header, its text or its variables.

    Submissions count as such, too: a caller may submit a batch and not wait for the answer.
    """
    if connection.headers.getlist(HEADER) or ARGUMENT in (sent.query or ""):
        return True
    variables: Mapping[str, Any] = sent.variables or {}
    return ARGUMENT in variables or "submitBatch" in (sent.query or "")
