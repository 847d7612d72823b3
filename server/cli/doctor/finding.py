"""What the doctor finds: a sentence, and what to do about it."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is. Only what is WRONG makes the exit status 1."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `cure` is None if the sentence has it, or none is needed."""

    level: Level
    subject: str
    sentence: str
    cure: str | None = None


def ok(subject: str, sentence: str) -> Finding:
    """Return that all is well."""
    return Finding(level=Level.OK, subject=subject, sentence=sentence)


def warning(subject: str, sentence: str, cure: str) -> Finding:
    """Return that something will be wrong, or may be meant so."""
    return Finding(level=Level.WARNING, subject=subject, sentence=sentence, cure=cure)


def wrong(subject: str, sentence: str, cure: str | None = None) -> Finding:
    """Return that something does not work."""
    return Finding(level=Level.WRONG, subject=subject, sentence=sentence, cure=cure)
