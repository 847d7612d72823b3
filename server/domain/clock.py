"""The time, as it is stored."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time to the millisecond, as MongoDB stores it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
