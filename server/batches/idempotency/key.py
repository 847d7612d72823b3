"""The form of an idempotency key, and the time for which it is remembered."""

from datetime import timedelta

from server.domain.errors import BadInput

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
