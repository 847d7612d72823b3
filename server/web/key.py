"""The idempotency key in the header of a request."""

from starlette.requests import HTTPConnection

from server.batches.idempotency.key import HEADER


def key_headers(connection: HTTPConnection) -> tuple[str, ...]:
    """Return each `Idempotency-Key` header as it was sent, for `request_key` to judge.

    A WebSocket's headers are sent once for all its operations, so they hold no key of any.
    """
    if connection.scope["type"] != "http":
        return ()
    return tuple(value.strip(" \t") for value in connection.headers.getlist(HEADER))
