"""Every server against the floor, for every case and size of an operation."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from pymongo import ASCENDING

from bench import database
from bench.answer import WrongAnswer
from bench.products import creation, deletion, report, update
from bench.products.batch import Batch, Document
from bench.products.case import Case
from bench.products.floor import Floor
from bench.products.shelf import Shelf
from bench.products.sides import ProductSide, program_side, server_side
from bench.server import Caller
from bench.setting import Setting
from bench.turns import WARM_UP, Turns, take_turns

CASES = {"create": creation.CASES, "update": update.CASES, "delete": deletion.CASES}
_TURNS = Turns(fewest=3, most=30, seconds=2.0)
_WARM_UP_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class _Measuring:
    """The setting, and a connection to each of its servers."""

    setting: Setting
    callers: Sequence[Caller]
    shelf: Shelf

    def warm_up(self, case: Case) -> None:
        take_turns(self._sides(case), _batches(case, _WARM_UP_ITEMS), self.shelf, WARM_UP)

    def measure(self, case: Case) -> None:
        """A row of the table for each size."""
        sizes = self.setting.sizes
        for size in [max(sizes)] if case.extra else sizes:
            turns = self.setting.turns(_TURNS)
            takings = take_turns(self._sides(case), _batches(case, size), self.shelf, turns)
            print(report.row_of(case, size, self.setting.drivers, takings), flush=True)

    def _sides(self, case: Case) -> list[ProductSide]:
        servers = list(zip(self.setting.servers, self.callers, strict=True))
        floor = program_side(case, Floor(self.setting.client, database.NAME))
        return [
            floor,
            *(server_side(case, *server) for server in (servers[:1] if case.extra else servers)),
        ]


def measure_products(setting: Setting, operations: Sequence[str]) -> None:
    """All cases of the operations, in one table."""
    standing = _standing(setting)
    print(report.head(setting.drivers), flush=True)
    with ExitStack() as stack:
        callers = [stack.enter_context(closing(one.caller())) for one in setting.servers]
        measuring = _Measuring(setting, callers, Shelf(setting.client))
        for operation in operations:
            measuring.warm_up(CASES[operation][0])
            for case in CASES[operation]:
                measuring.measure(case)
    if _standing(setting) != standing:
        raise WrongAnswer("The products that no batch was about are not what they were")
    print(f"\nVerified: {len(standing)} products that no batch was about.", flush=True)


def _standing(setting: Setting) -> list[Document]:
    """All products, between turns."""
    return list(setting.client[database.NAME]["products"].find(sort=[("_id", ASCENDING)]))


def _batches(case: Case, size: int) -> Iterator[Batch]:
    while True:
        yield case.batch(size)
