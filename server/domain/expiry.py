"""The expiry of products."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from server.domain.errors import BadInput
from server.domain.whole_number import not_whole, whole_number

EXPIRE_IN = "expireIn"  # the option, for callers and as it is stored
LONGEST_EXPIRY_MS = 100 * 365 * 24 * 3600 * 1000  # a hundred years, well before the year 9999


def check_expire_in(milliseconds: object) -> int:
    """Return the option in whole milliseconds.

    Raises:
        BadInput: it is no whole number of milliseconds, not above 0, or more than a hundred years.
    """
    whole = whole_number(milliseconds, least=1, most=LONGEST_EXPIRY_MS)
    if whole is None:
        fault = not_whole(milliseconds, least=1, most=LONGEST_EXPIRY_MS)
        raise BadInput(f"{EXPIRE_IN} {fault}. It is in milliseconds.")
    return whole


def expiry_of(settings: Mapping[str, Any]) -> timedelta | None:
    """Return how long the products of a batch will last; None if its settings do not say."""
    milliseconds = settings.get(EXPIRE_IN)
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)


def has_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Return whether a product has expired: `expires_at` is the first moment when it has."""
    return expires_at is not None and expires_at <= now
