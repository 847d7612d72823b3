"""When a product disappears by itself."""

from datetime import datetime, timedelta

from server.domain.errors import BadInput
from server.domain.whole_number import not_whole, whole_number

LONGEST_EXPIRY_MS = 100 * 365 * 24 * 3600 * 1000  # a hundred years: far from the last date there is


def expire_in(milliseconds: float) -> timedelta:
    """The option of that name.

    Raises:
        BadInput: it is no whole number of milliseconds, not above 0, or more than a hundred years.
    """
    whole = whole_number(milliseconds, least=1, most=LONGEST_EXPIRY_MS)
    if whole is None:
        fault = not_whole(milliseconds, least=1, most=LONGEST_EXPIRY_MS)
        raise BadInput(f"options.expireIn {fault}. It is in milliseconds.")
    return timedelta(milliseconds=whole)


def has_expired(expires_at: datetime | None, now: datetime) -> bool:
    """From the very millisecond on at which it is due."""
    return expires_at is not None and expires_at <= now
