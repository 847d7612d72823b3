"""Provide a clock that a test can stop."""

from datetime import datetime

from server.domain.clock import utc_now


class Clock:
    """Give the time, until a test lets it stand; a shop's engine and queries go by it."""

    def __init__(self) -> None:
        self._moment: datetime | None = None

    def __call__(self) -> datetime:
        return self._moment or utc_now()

    def stand_at(self, moment: datetime) -> None:
        self._moment = moment
