"""What does `batchUpdateStock`: the servers, the floor in two ways, and the engine alone."""

from collections.abc import Sequence

from bench.server import Caller, Server
from bench.sides import Side, floor_side, http_side
from bench.stock.batch import Batch, answered_stocks
from bench.stock.floor import Floor
from bench.stock.in_process import InProcess, engine_stocks, stock_items

BULK_WRITE, UPDATE_ONE = "floor, bulk_write", "floor, update_one"
ENGINE, HTTP = "engine", "HTTP"

StockSide = Side[Batch, Sequence[int]]


def server_side(name: str, server: Server, caller: Caller) -> StockSide:
    return http_side(name, server, caller, body=lambda batch: batch.body, read=answered_stocks)


def floor_sides(floor: Floor) -> list[StockSide]:
    return [floor_side(BULK_WRITE, floor.bulk_write), floor_side(UPDATE_ONE, floor.update_one)]


def engine_side(parts: InProcess) -> StockSide:
    return Side(
        name=ENGINE,
        prepare=stock_items,
        work=parts.engine,
        read=lambda outcomes, _batch: engine_stocks(outcomes),
    )
