"""The decision about a chunk that the database has kept from ending: retry it, or give it up."""

from dataclasses import dataclass

MOST_ATTEMPTS = 8
_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 20.0  # as long as a lease: no chunk is left alone for a minute


@dataclass(frozen=True, slots=True)
class Retry:
    """Give the chunk back, to be claimed again after `delay_seconds`."""

    delay_seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Run the chunk no more: it has been tried `MOST_ATTEMPTS` times."""


def decide(attempts: int, jitter: float) -> Retry | GiveUp:
    """Return the decision after so many attempts, the latest included; `jitter` is in 0..1."""
    if attempts >= MOST_ATTEMPTS:
        return GiveUp()
    longest = min(_FIRST_SECONDS * 2**attempts, _LONGEST_SECONDS)
    return Retry(longest * (0.5 + jitter / 2))
