"""What a measurement comes to, before anything is printed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

Values = Mapping[str, Sequence[float]]  # the numbers of each side that took part, round by round
Row = tuple[Sequence[str], Values]  # its labels, and the numbers


class Unit(Enum):
    """What the numbers of a table are."""

    SECONDS = "seconds"
    PER_SECOND = "per second"
    BYTES = "bytes"


@dataclass(frozen=True)
class Table:
    """`rows` are measured while they are read."""

    title: str
    notes: str
    labels: Sequence[str]
    sides: Sequence[str]
    unit: Unit
    rows: Iterable[Row]
