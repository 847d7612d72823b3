"""Measure the tables that were asked for, each on a set of servers that suits it."""

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace

from bench.report.markdown import table_lines
from bench.report.results import Line, Section, name_of
from bench.scale import Scale
from bench.sides.checkout import Checkout
from bench.sides.floor import Floor
from bench.sides.mongod import keep_history
from bench.sides.node import serving_node
from bench.sides.server import ServerSide
from bench.stage import Stage
from bench.table import Table
from bench.tables import background, batches, memory

_SEED = 1
_STAGES = {  # the uses of a set of servers: the tables that it measures
    "plain": [*batches.KINDS, "storms", "keyed", "acceptance"],
    "default": ["submissions", "background", "pauses"],
    "workers": ["workers"],
}
TABLES = [*(table for tables in _STAGES.values() for table in tables), "memory"]


class Run:
    """`checkouts` are the servers to compare, this folder's last."""

    def __init__(self, checkouts: Sequence[Checkout], scale: Scale, *, node: bool = False) -> None:
        random.seed(_SEED)
        self._checkouts = checkouts
        self._scale = scale
        self._node = node
        self._products = batches.new_products(scale.products, "standing")

    def sections(self, only: Sequence[str]) -> Iterator[Section]:
        """Yield each table when it has been measured, and printed row by row."""
        for use, tables in _STAGES.items():
            wanted = [table for table in tables if table in only]
            if wanted:
                # Reads of background batches may fail with SnapshotTooOld if it is 0 s.
                keep_history(self._checkouts[0].client, 0 if use == "plain" else 300)
                yield from self._on_stage(use, wanted)
        if "memory" in only:
            sizes, large = self._scale.sizes, self._scale.large
            rows = memory.memory_rows(self._checkouts, self._products, max(sizes), large)
            columns = [checkout.name for checkout in self._checkouts]
            yield _measured(Table("Peak memory", memory.NOTES, ["process"], columns, [], rows))

    def _on_stage(self, use: str, wanted: Sequence[str]) -> Iterator[Section]:
        """Yield the tables, and check every ledger after them."""
        with ExitStack() as stack:
            worker = use == "default"
            servers = [
                stack.enter_context(one.serving(use, worker=worker)) for one in self._checkouts
            ]
            for checkout in self._checkouts if use == "workers" else []:
                for _ in range(background.WORKERS):
                    stack.enter_context(checkout.working(use))
            others = [stack.enter_context(self._serving_node())] if self._has_node(wanted) else []
            floor = Floor(self._checkouts[0].client, f"floor{use.title()}")
            ids = [product["id"] for product in self._products]
            stage = Stage(floor, servers, others, ids, self._scale, self._ratios())
            for side in stage.all_sides:
                side.put(self._products)
            for table in stage.tables(wanted):
                yield _measured(table)
            checked = [f"{one.name} {one.check_ledger(self._products)}" for one in stage.all_sides]
            print(f"\nVerified: {len(ids)} stocks of each side, and its ledger rows: ", end="")
            print(", ".join(checked), flush=True)

    def _has_node(self, wanted: Sequence[str]) -> bool:
        return self._node and bool({"stock", "storms"} & {*wanted})

    def _serving_node(self) -> AbstractContextManager[ServerSide]:
        first = self._checkouts[0]
        return serving_node(first.uri, first.client, first.logs)

    def _ratios(self) -> list[tuple[str, str]]:
        """Return the servers to compare: this folder's first one with the other folder's, and with
        its own further ones.
        """
        this_folder = self._checkouts[-1].folder
        this, *further = [one for one in self._checkouts if one.folder == this_folder]
        others = [one for one in self._checkouts if one.folder != this_folder]
        return [
            *((this.name, other.name) for other in others),
            *((one.name, this.name) for one in further),
        ]


def _measured(table: Table) -> Section:
    """Measure the table, and print each row as soon as it is there."""
    lines: list[Line] = []

    def measuring() -> Iterator[Line]:
        for row in table.rows:
            lines.append(Line.of(row, table.ratios))
            yield lines[-1]

    ratios = [name_of(ratio) for ratio in table.ratios]
    section = Section(table.title, table.notes, table.labels, table.columns, ratios, lines)
    for line in table_lines(replace(section, lines=measuring())):
        print(line, flush=True)
    return section
