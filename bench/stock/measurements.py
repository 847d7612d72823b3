"""The three measurements of `batchUpdateStock`, each printing its table as it goes."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from bench import database
from bench.setting import Setting
from bench.stock import report
from bench.stock.batch import DIFFERENT, EQUAL, MIXED, Batch, Stocks, random_batch
from bench.stock.callers import disjoint_batches, hot_batches, send_side_by_side
from bench.stock.floor import Floor
from bench.stock.in_process import in_process
from bench.stock.ledger import verify_ledger
from bench.stock.sides import HTTP, StockSide, engine_side, floor_sides, server_side
from bench.turns import WARM_UP, Takings, Turns, take_turns

_TURNS = Turns(fewest=3, most=40, seconds=5.0)  # many for small batches, few for large ones
_PARTS_TURNS = Turns(fewest=5, most=40, seconds=8.0)
_WARM_UP_ITEMS = 1_000
_LOAD_SECONDS = 2.0
_KINDS = {1: [MIXED], 1_000: [MIXED, EQUAL, DIFFERENT]}  # of quantities; two where not named


@dataclass(frozen=True, slots=True)
class _Measuring:
    """The setting, and what the stocks must be in it."""

    setting: Setting
    stocks: Stocks
    ids: Sequence[str]

    def warm_up(self, sides: Sequence[StockSide]) -> None:
        take_turns(sides, self._batches(_WARM_UP_ITEMS, MIXED), self.stocks, WARM_UP)

    def measure(self, sides: Sequence[StockSide], size: int, kind: str, turns: Turns) -> Takings:
        return take_turns(sides, self._batches(size, kind), self.stocks, self.setting.turns(turns))

    def _batches(self, size: int, kind: str) -> Iterator[Batch]:
        while True:
            yield random_batch(self.ids, size, kind)


def measure_stock(setting: Setting) -> None:
    """All three, and whether stocks and ledger are right after them."""
    print(report.head(), flush=True)
    measuring = _Measuring(setting, Stocks(setting.opening), list(setting.opening))
    _measure_sizes(measuring)
    _measure_parts(measuring, max(setting.sizes))
    _measure_load(measuring)
    rows = verify_ledger(setting.client, setting.opening, measuring.stocks)
    print(f"\nVerified: {len(setting.opening)} stocks, {rows} rows of the ledger.", flush=True)


def _measure_sizes(measuring: _Measuring) -> None:
    """Every server against both floors, for every size and kind of quantities."""
    setting = measuring.setting
    print(report.sizes_header(setting.drivers), flush=True)
    callers = [server.caller() for server in setting.servers]
    servers = list(map(server_side, setting.drivers, setting.servers, callers))
    bulk_write, update_one = floor_sides(Floor(setting.client, database.NAME))
    sides = [*servers, bulk_write]
    measuring.warm_up([*sides, update_one])
    for size in setting.sizes:
        for kind in _KINDS.get(size, [MIXED, EQUAL]):
            # One updateOne per product takes as long whatever the quantities are: once is enough.
            measured = [*sides, update_one] if kind == MIXED else sides
            takings = measuring.measure(measured, size, kind, _TURNS)
            print(report.sizes_row(size, kind, setting.drivers, takings), flush=True)
    for caller in callers:
        caller.close()


def _measure_parts(measuring: _Measuring, size: int) -> None:
    """The engine alone, and the whole request; with the first driver, for what is around the
    engine costs the same with either.
    """
    print(report.breakdown_header(size), flush=True)
    server = measuring.setting.servers[0]
    with (
        in_process(server.driver, measuring.setting.uri, database.NAME) as parts,
        closing(server.caller()) as caller,
    ):
        sides = [engine_side(parts), server_side(HTTP, server, caller)]
        measuring.warm_up(sides)
        takings = measuring.measure(sides, size, MIXED, _PARTS_TURNS)
    print(report.breakdown_row(server.driver, takings), flush=True)


def _measure_load(measuring: _Measuring) -> None:
    """Many callers at once, on products of their own and on the same ones."""
    print(report.load_header(), flush=True)
    servers = measuring.setting.servers
    alone = [[server] for server in servers]
    together = [servers] if len(servers) > 1 else []
    for asked in [*alone, *together]:
        for products, batches in {
            "disjoint": disjoint_batches(measuring.ids),
            "hot": hot_batches(measuring.ids),
        }.items():
            load = send_side_by_side(asked, batches, _LOAD_SECONDS, measuring.stocks)
            names = " and ".join(server.driver for server in asked)
            print(report.load_row(names, products, load), flush=True)
