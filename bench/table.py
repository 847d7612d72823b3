"""What a measurement comes to, before anything is printed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

Values = Mapping[str, Sequence[float]]  # the numbers of each column, round by round
Ratio = tuple[str, str]  # two columns, of which the first is divided by the second


class Unit(Enum):
    """What the numbers of a row are."""

    SECONDS = "seconds"
    PER_SECOND = "per second"
    BYTES = "bytes"


@dataclass(frozen=True)
class Row:
    """A column that did not take part has no values."""

    labels: Sequence[str]
    values: Values
    unit: Unit = Unit.SECONDS


Rows = Iterable[Row]


@dataclass(frozen=True)
class Table:
    """`rows` are measured while they are read."""

    title: str
    notes: str
    labels: Sequence[str]
    columns: Sequence[str]
    ratios: Sequence[Ratio]
    rows: Rows
