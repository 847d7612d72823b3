"""Idempotency keys: how they look, and how long they are kept."""

from datetime import timedelta

from server.domain.errors import BadInput

LONGEST_KEY = 200
KEYS_LAST = timedelta(days=7)


def idempotency_key(text: str) -> str:
    """The key, as it is.

    Raises:
        BadInput: it is empty, too long, or has characters that no header can hold.
    """
    if not 1 <= len(text) <= LONGEST_KEY or not text.isascii() or not text.isprintable():
        raise BadInput(
            f"The idempotency key must have 1 to {LONGEST_KEY} printable ASCII characters, such "
            "as a UUID."
        )
    return text
