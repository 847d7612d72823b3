"""What is done with a chunk that the database has kept from ending."""

from dataclasses import dataclass

MOST_ATTEMPTS = 8
_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 20.0  # less than a lease and a renewal: nothing is left alone for a minute


@dataclass(frozen=True, slots=True)
class Retry:
    """Give the chunk back, to be taken up after so many seconds."""

    delay_seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It has been tried often enough."""


def decide(attempts: int, jitter: float) -> Retry | GiveUp:
    """After so many attempts, this one included; `jitter` is in 0..1."""
    if attempts >= MOST_ATTEMPTS:
        return GiveUp()
    longest = min(_FIRST_SECONDS * 2**attempts, _LONGEST_SECONDS)
    return Retry(longest * (0.5 + jitter / 2))
