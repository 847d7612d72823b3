"""How much memory creating products takes: a fresh server, and the floor as a fresh process."""

from contextlib import closing
from dataclasses import dataclass, field
from itertools import repeat

from bench import database
from bench.process import peak_bytes
from bench.products import report
from bench.products.batch import Batch
from bench.products.creation import ONLY_COUNTED, WITH_BODIES, creations
from bench.products.floor_process import floor_process
from bench.products.shelf import Shelf
from bench.products.sides import FLOOR, ProductSide, server_side
from bench.server import serving
from bench.setting import Setting
from bench.sides import Side
from bench.turns import Turns, take_turns

MORE_TURNS = 2


@dataclass(frozen=True, slots=True)
class Footprint:
    """The peaks of a process: after a batch of one item, after a large one, after some more."""

    process: str
    peaks: list[int] = field(default_factory=list)  # bytes
    seconds: list[float] = field(default_factory=list)


def measure_memory(setting: Setting) -> None:
    """Each process by itself, one after the other."""
    size = max(setting.sizes)
    print(report.memory_header(size, MORE_TURNS + 1), flush=True)
    batch, shelf = creations(size), Shelf(setting.client)
    with floor_process(setting.uri, database.NAME) as floor:
        side: ProductSide = Side(
            name=FLOOR,
            prepare=ONLY_COUNTED.body,  # it reads the same JSON as the server
            work=floor.create,
            read=lambda done, _batch: done,
        )
        _print(_footprint(FLOOR, side, floor.pid, batch, shelf))
    driver, folder = setting.servers[0].driver, setting.folder / "memory"
    for case in (ONLY_COUNTED, WITH_BODIES):
        with (
            serving(driver, setting.uri, database.NAME, folder) as server,
            closing(server.caller()) as caller,
        ):
            side = server_side(case, server, caller)
            process = f"server, {driver}, {case.label}"
            _print(_footprint(process, side, server.pid, batch, shelf))


def _print(footprint: Footprint) -> None:
    print(report.memory_row(footprint.process, footprint.peaks, footprint.seconds), flush=True)


def _footprint(process: str, side: ProductSide, pid: int, batch: Batch, shelf: Shelf) -> Footprint:
    footprint = Footprint(process)
    for one, turns in ((creations(1), 1), (batch, 1), (batch, MORE_TURNS)):
        taken = take_turns([side], repeat(one), shelf, Turns(fewest=turns, most=turns, seconds=0.0))
        footprint.peaks.append(peak_bytes(pid))
        footprint.seconds.extend(taken[side.name].seconds if one is batch else [])
    return footprint
