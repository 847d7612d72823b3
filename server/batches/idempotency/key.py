"""The form of an idempotency key, where a request may have one, and how long it is remembered."""

from collections.abc import Sequence
from datetime import timedelta

from server.domain.errors import BadInput

HEADER = "Idempotency-Key"
ARGUMENT = "idempotencyKey"
LONGEST_KEY = 200
KEYS_LAST = timedelta(days=7)


def idempotency_key(text: str, place: str) -> str:
    """Return the key unchanged. `place` names where it was sent, for the message.

    Raises:
        BadInput: it is empty, too long, or has characters that no header can hold.
    """
    if not 1 <= len(text) <= LONGEST_KEY or not (text.isascii() and text.isprintable()):
        raise BadInput(f"{place} must be 1 to {LONGEST_KEY} printable ASCII characters.")
    return text


def request_key(headers: Sequence[str], argument: str | None = None) -> str | None:
    """Return the key of a request, from its headers or from the argument; None if it has none.

    Raises:
        BadInput: there are several headers, header and argument differ, or it is no key.
    """
    if len(headers) > 1:
        raise BadInput(f"There are several headers {HEADER}: send one.")
    if argument is None:
        return idempotency_key(headers[0], f"The header {HEADER}") if headers else None
    if headers and headers[0] != argument:
        raise BadInput(f"{ARGUMENT} and the header {HEADER} are different: send one of them.")
    return idempotency_key(argument, ARGUMENT)
