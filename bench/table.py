"""The report's tables, in Markdown."""

from collections.abc import Sequence
from operator import truediv
from statistics import median

from bench.turns import Taken


def header(columns: Sequence[str]) -> str:
    return row(columns) + "\n|" + "---|" * len(columns)


def row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def time_cell(seconds: Sequence[float]) -> str:
    """The median (least–most)."""
    least, most = _milliseconds(min(seconds)), _milliseconds(max(seconds))
    return f"{_milliseconds(median(seconds))} ms ({least}–{most})"


def ratio_cell(ours: Taken, other: Taken) -> str:
    """The median (least–most) of the ratios of each turn."""
    ratios = list(map(truediv, ours.seconds, other.seconds))
    return f"**{median(ratios):.2f}** ({min(ratios):.2f}–{max(ratios):.2f})"


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f}" if abs(milliseconds) >= 100 else f"{milliseconds:.1f}"
