"""A small run, with numbers that are easy to check."""

from bench.report.results import Line, Results, Section, name_of
from bench.stage import STOCK, STORMS
from bench.table import Row, Unit
from bench.tables.batches import PLAIN
from bench.tables.storms import LATE, PRODUCTS, RATE

RATIOS = [("server", "floor")]


def results() -> Results:
    stock = [
        Row(["stock", PLAIN, "1"], {"floor": [0.25, 0.5, 0.25], "server": [0.5, 0.5, 0.75]}),
        Row(["stock", PLAIN, "1000"], {"floor": [0.04], "server": [0.02]}),
        Row(["stock", "all 5", "1000"], {"floor": [0.04], "server": []}),
    ]
    storms = [
        row
        for products in PRODUCTS
        for clients in (1, 32)
        for row in (
            Row([products, str(clients), RATE], {"server": [100.0 * clients]}, Unit.PER_SECOND),
            Row([products, str(clients), LATE], {"server": [0.01 * clients]}),
        )
    ]
    sections = [
        Section(
            STOCK,
            "What the floor does.",
            ["kind", "batch", "items"],
            ["floor", "server"],
            [name_of(ratio) for ratio in RATIOS],
            [Line.of(row, RATIOS) for row in stock],
        ),
        Section(
            STORMS,
            "What a storm is.",
            ["products", "clients", "measured"],
            ["server"],
            [],
            [Line.of(row, []) for row in storms],
        ),
    ]
    return Results("2026-11-27", "python -m bench", ["2 cores."], sections)
