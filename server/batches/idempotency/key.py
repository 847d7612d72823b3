"""The form of an idempotency key, where a request may have one, and how long it is remembered."""

import re
from collections.abc import Sequence
from datetime import timedelta

from server.domain.errors import BadInput

HEADER = "Idempotency-Key"
ARGUMENT = "idempotencyKey"
LONGEST_KEY = 200
KEYS_LAST = timedelta(days=7)
_STRING = re.compile(r'"(?:[^"\\]|\\["\\])*"')
_ESCAPED = re.compile(r'\\(["\\])')


def idempotency_key(text: str, place: str) -> str:
    """Return the key unchanged. `place` names where it was sent, for the message.

    Raises:
        BadInput: it is empty, too long, or has characters that no header can hold.
    """
    if not 1 <= len(text) <= LONGEST_KEY or not (text.isascii() and text.isprintable()):
        raise BadInput(f"{place} must be 1 to {LONGEST_KEY} printable ASCII characters.")
    return text


class QuotedKey(str):
    """A key that was sent in quotes. Versions before 0.2 took the quotes as a part of it."""

    __slots__ = ()


def spellings(key: str) -> list[str]:
    """Return the key as it is stored, and as a version before 0.2 stored one in quotes."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return [str(key), f'"{escaped}"']


def _unquoted(sent: str) -> str:
    """Return the key in a header, which may be a string of RFC 8941 as in the draft of the IETF.

    <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>

    Raises:
        BadInput: it begins with a quote and is no such string.
    """
    if not sent.startswith('"'):
        return sent
    if not _STRING.fullmatch(sent):
        raise BadInput(
            f"The header {HEADER} begins with a quote, so it must be a text in quotes, with a "
            "backslash before each quote and each backslash in it."
        )
    return QuotedKey(_ESCAPED.sub(r"\1", sent[1:-1]))


def request_key(headers: Sequence[str], argument: str | None = None) -> str | None:
    """Return the key of a request, from its headers or from the argument; None if it has none.

    Raises:
        BadInput: there are several headers, header and argument differ, or it is no key.
    """
    if len(headers) > 1:
        raise BadInput(f"There are several headers {HEADER}: send one.")
    header = _unquoted(headers[0]) if headers else None
    if argument is None:
        return None if header is None else idempotency_key(header, f"The header {HEADER}")
    if header is not None and header != argument:
        raise BadInput(f"{ARGUMENT} and the header {HEADER} are different: send one of them.")
    return idempotency_key(argument, ARGUMENT)
