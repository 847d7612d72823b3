"""Line plots in SVG. The colours can be read on white and on black; the ground is transparent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 460, 320  # of a panel
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 28, 40, 44
_ENTRIES, _ENTRY_WIDTH, _ENTRY_HEIGHT = 2, 190, 22  # of the legend, in a row
_GREY = "#808080"
_COLOURS = ["#808080", "#d95f02", "#1b9e77", "#7570b3", "#e7298a"]
_DASHES = ["6 4", "none", "none", "none", "2 3"]

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """Lines by their names. The x axis is logarithmic, and so may be the other one; otherwise that
    begins at 0.
    """

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Points]
    log: bool = False


@dataclass(frozen=True)
class _Axis:
    """Where a value lies between two ends in pixels, and which values have a tick."""

    ticks: Sequence[float]
    place: Callable[[float], float]


def figure(panels: Sequence[Panel], names: Sequence[str]) -> str:
    """Return an SVG with the panels side by side, and one legend.

    `names` are those of all lines of all figures, so that a line has the same colour in each.
    """
    drawn = {name for panel in panels for name in panel.lines}
    numbers = {name: number for number, name in enumerate(names) if name in drawn}
    width = _WIDTH * len(panels)
    height = _HEIGHT + _ENTRY_HEIGHT * ceil(len(numbers) / _ENTRIES)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"',
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{_GREY}">',
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({_WIDTH * number} 0)">')
        parts += [*_panel(panel, names), "</g>"]
    parts += _legend(numbers)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, names: Sequence[str]) -> Iterator[str]:
    points = [point for line in panel.lines.values() for point in line]
    across = _values_axis([x for x, _ in points], _LEFT, _WIDTH - _RIGHT)
    up = (_log_axis if panel.log else _linear_axis)([y for _, y in points], _HEIGHT - _BOTTOM, _TOP)
    yield _text(_LEFT, 20, panel.title, weight="bold")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, panel.x_label, anchor="middle")
    yield _text(_LEFT, _TOP - 6, panel.y_label)
    for x in across.ticks:
        yield _text(across.place(x), _HEIGHT - _BOTTOM + 18, _short(x), anchor="middle")
    for y in up.ticks:
        yield _rule(_LEFT, up.place(y), _WIDTH - _RIGHT)
        yield _text(_LEFT - 8, up.place(y) + 4, _short(y), anchor="end")
    for name, line in panel.lines.items():
        placed = [(across.place(x), up.place(y)) for x, y in line]
        yield from _drawn(placed, names.index(name))


def _drawn(points: Points, number: int) -> Iterator[str]:
    colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/>'
    )
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _legend(numbers: Mapping[str, int]) -> Iterator[str]:
    for place, (name, number) in enumerate(numbers.items()):
        left = _LEFT + _ENTRY_WIDTH * (place % _ENTRIES)
        y = _HEIGHT + _ENTRY_HEIGHT * (place // _ENTRIES + 0.5)
        yield from _drawn([(left, y), (left + 28, y)], number)
        yield _text(left + 36, y + 4, name)


def _values_axis(values: Sequence[float], start: float, end: float) -> _Axis:
    """Return a logarithmic axis from the least to the largest of the values, each with a tick."""
    ticks = sorted(set(values))
    scale = (end - start) / (log10(ticks[-1] / ticks[0]) or 1)
    return _Axis(ticks, lambda value: start + log10(value / ticks[0]) * scale)


def _log_axis(values: Sequence[float], start: float, end: float) -> _Axis:
    least, most = floor(log10(min(values))), ceil(log10(max(values)))
    scale = (end - start) / max(most - least, 1)
    ticks = [10.0**power for power in range(least, most + 1)]
    return _Axis(ticks, lambda value: start + (log10(value) - least) * scale)


def _linear_axis(values: Sequence[float], start: float, end: float) -> _Axis:
    most = max(values)
    step = 10.0 ** floor(log10(most))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2) if most / (step * part) <= 6)
    count = ceil(most / step)
    scale = (end - start) / (count * step)
    return _Axis(
        [step * number for number in range(count + 1)], lambda value: start + value * scale
    )


def _short(number: float) -> str:
    return f"{number:,.10g}".replace(",", "\N{NO-BREAK SPACE}")


def _rule(left: float, y: float, right: float) -> str:
    return (
        f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" '
        f'stroke="{_GREY}" stroke-opacity="0.35"/>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )
