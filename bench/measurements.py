"""The three measurements, each printing its table as it goes."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from bench import database, report
from bench.batch import DIFFERENT, EQUAL, MIXED, Batch, Stocks, random_batch
from bench.callers import disjoint_batches, hot_batches, send_side_by_side
from bench.floor import Floor
from bench.in_process import in_process
from bench.server import Server
from bench.sides import (
    HTTP,
    Side,
    Takings,
    Turns,
    engine_side,
    floor_sides,
    http_side,
    take_turns,
)

_TURNS = Turns(fewest=3, most=40, seconds=5.0)  # many for small batches, few for large ones
_PARTS_TURNS = Turns(fewest=5, most=40, seconds=8.0)
_WARM_UP = Turns(fewest=2, most=2, seconds=0.0)
_WARM_UP_ITEMS = 1_000
_LOAD_SECONDS = 2.0
_KINDS = {1: [MIXED], 1_000: [MIXED, EQUAL, DIFFERENT]}  # of quantities; two where not named


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is measured, and the products that it is measured with."""

    uri: str
    servers: Sequence[Server]
    floor: Floor
    ids: Sequence[str]
    stocks: Stocks
    repeats: int | None  # None: as many as there is time for

    @property
    def drivers(self) -> list[str]:
        return [server.driver for server in self.servers]

    def warm_up(self, sides: Sequence[Side]) -> None:
        take_turns(sides, self._batches(_WARM_UP_ITEMS, MIXED), self.stocks, _WARM_UP)

    def measure(self, sides: Sequence[Side], size: int, kind: str, turns: Turns) -> Takings:
        if self.repeats:
            turns = Turns(fewest=self.repeats, most=self.repeats, seconds=0.0)
        return take_turns(sides, self._batches(size, kind), self.stocks, turns)

    def _batches(self, size: int, kind: str) -> Iterator[Batch]:
        while True:
            yield random_batch(self.ids, size, kind)


def measure_sizes(setting: Setting, sizes: Sequence[int]) -> None:
    """Every server against both floors, for every size and kind of quantities."""
    print(report.sizes_header(setting.drivers), flush=True)
    callers = [server.caller() for server in setting.servers]
    servers = list(map(http_side, setting.drivers, setting.servers, callers))
    bulk_write, update_one = floor_sides(setting.floor)
    sides = [*servers, bulk_write]
    setting.warm_up([*sides, update_one])
    for size in sizes:
        for kind in _KINDS.get(size, [MIXED, EQUAL]):
            # One updateOne per product takes as long whatever the quantities are: once is enough.
            measured = [*sides, update_one] if kind == MIXED else sides
            takings = setting.measure(measured, size, kind, _TURNS)
            print(report.sizes_row(size, kind, setting.drivers, takings), flush=True)
    for caller in callers:
        caller.close()


def measure_parts(setting: Setting, size: int) -> None:
    """The engine alone, and the whole request; with the first driver, for what is around the
    engine costs the same with either.
    """
    print(report.breakdown_header(size), flush=True)
    server = setting.servers[0]
    with (
        in_process(server.driver, setting.uri, database.NAME) as parts,
        closing(server.caller()) as caller,
    ):
        sides = [engine_side(parts), http_side(HTTP, server, caller)]
        setting.warm_up(sides)
        takings = setting.measure(sides, size, MIXED, _PARTS_TURNS)
    print(report.breakdown_row(server.driver, takings), flush=True)


def measure_load(setting: Setting) -> None:
    """Many callers at once, on products of their own and on the same ones."""
    print(report.load_header(), flush=True)
    alone = [[server] for server in setting.servers]
    together = [setting.servers] if len(setting.servers) > 1 else []
    for servers in [*alone, *together]:
        for products, batches in {
            "disjoint": disjoint_batches(setting.ids),
            "hot": hot_batches(setting.ids),
        }.items():
            load = send_side_by_side(servers, batches, _LOAD_SECONDS, setting.stocks)
            names = " and ".join(server.driver for server in servers)
            print(report.load_row(names, products, load), flush=True)
