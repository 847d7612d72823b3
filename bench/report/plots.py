"""The plots of a run: what a batch size and the number of clients change."""

from collections.abc import Callable, Iterator
from pathlib import Path

from bench.report.figure import Panel, Points, figure
from bench.report.results import Line, Results
from bench.stage import STOCK, STORMS
from bench.tables.batches import PLAIN
from bench.tables.storms import LATE, PRODUCTS, RATE

TIME_PER_ITEM, RATES, TAILS = "time-per-item.svg", "requests-per-second.svg", "p99.svg"
TITLES = {
    TIME_PER_ITEM: "Time per item against batch size",
    RATES: "Requests per second against the number of clients",
    TAILS: "p99 against the number of clients",
}


def write(results: Results, folder: Path) -> None:
    """Write the plots for which there are numbers."""
    names = list(dict.fromkeys(name for one in results.sections for name in one.columns))
    for file, panels in {
        TIME_PER_ITEM: [_time_per_item(results)],
        RATES: [_storms(results, products, RATE, 1) for products in PRODUCTS],
        TAILS: [_storms(results, products, LATE, 1000) for products in PRODUCTS],
    }.items():
        if all(panel.lines for panel in panels):
            (folder / file).write_text(figure(panels, names))


def _time_per_item(results: Results) -> Panel:
    lines = _lines(
        results,
        STOCK,
        lambda line: float(line.labels[2]) if line.labels[1] == PLAIN else None,
        lambda items, seconds: 1000 * seconds / items,
    )
    return Panel("Stock updates", "items in a batch", "ms per item", lines, log=True)


def _storms(results: Results, products: str, measured: str, scale: float) -> Panel:
    def clients(line: Line) -> float | None:
        wanted = line.labels[0] == products and line.labels[2] == measured
        return float(line.labels[1]) if wanted else None

    lines = _lines(results, STORMS, clients, lambda _, number: scale * number)
    unit = measured if measured == RATE else f"{measured} in ms"
    return Panel(f"{products} products, 10 items a request", "clients", unit, lines)


def _lines(
    results: Results,
    title: str,
    x_of: Callable[[Line], float | None],
    y_of: Callable[[float, float], float],
) -> dict[str, Points]:
    """Return the medians of a section by column; rows without an x are left out."""

    def points(column: str) -> Iterator[tuple[float, float]]:
        for line in section.lines:
            x = x_of(line)
            if x is not None and column in line.values:
                yield x, y_of(x, line.values[column].median)

    lines: dict[str, Points] = {}
    for section in results.sections:
        if section.title == title:
            lines |= {column: list(points(column)) for column in section.columns}
    return {column: found for column, found in lines.items() if found}
