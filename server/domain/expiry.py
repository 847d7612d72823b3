"""When a product disappears by itself."""

from collections.abc import Mapping
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


def expiry_setting(expiry: timedelta | None) -> dict[str, int]:
    """The option, as it is stored."""
    return {} if expiry is None else {"expireIn": expiry // timedelta(milliseconds=1)}


def stored_expiry(settings: Mapping[str, int]) -> timedelta | None:
    """The option, from what is stored."""
    found = settings.get("expireIn")
    return None if found is None else timedelta(milliseconds=found)


def has_expired(expires_at: datetime | None, now: datetime) -> bool:
    """From the very millisecond on at which it is due."""
    return expires_at is not None and expires_at <= now
