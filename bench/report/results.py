"""What a run has measured, as it is kept in JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any

from bench.table import Ratio, Row, Unit, Values


@dataclass(frozen=True)
class Summary:
    """Several rounds of one number."""

    median: float
    least: float
    most: float
    rounds: int

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Summary":
        return cls(median(numbers), min(numbers), max(numbers), len(numbers))


@dataclass(frozen=True)
class Line:
    """A row: `values` by column, and `ratios` by their names, each taken in every round."""

    labels: Sequence[str]
    unit: str
    values: Mapping[str, Summary]
    ratios: Mapping[str, Summary]

    @classmethod
    def of(cls, row: Row, ratios: Sequence[Ratio]) -> "Line":
        values = {name: Summary.of(numbers) for name, numbers in row.values.items() if numbers}
        compared = {
            name_of(ratio): _ratio(row.values, ratio) for ratio in ratios if {*ratio} <= {*values}
        }
        return cls(list(row.labels), row.unit.value, values, compared)

    @classmethod
    def read(cls, kept: dict[str, Any]) -> "Line":
        values, ratios = (
            {name: Summary(**summary) for name, summary in kept[part].items()}
            for part in ("values", "ratios")
        )
        return cls(kept["labels"], Unit(kept["unit"]).value, values, ratios)


@dataclass(frozen=True)
class Section:
    """A table that has been measured."""

    title: str
    notes: str
    labels: Sequence[str]
    columns: Sequence[str]
    ratios: Sequence[str]
    lines: Iterable[Line]

    @classmethod
    def read(cls, kept: dict[str, Any]) -> "Section":
        return cls(**kept | {"lines": [Line.read(line) for line in kept["lines"]]})


@dataclass(frozen=True)
class Results:
    """A run: what was measured where, with which command, and what came out."""

    date: str
    command: str
    facts: Sequence[str]
    sections: Sequence[Section]

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, file: Path) -> "Results":
        kept = json.loads(file.read_text())
        return cls(**kept | {"sections": [Section.read(one) for one in kept["sections"]]})


def name_of(ratio: Ratio) -> str:
    return " ÷ ".join(ratio)


def _ratio(values: Values, ratio: Ratio) -> Summary:
    one, other = ratio
    return Summary.of(list(map(truediv, values[one], values[other])))
