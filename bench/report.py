"""The report, in Markdown."""

from collections.abc import Sequence
from operator import sub, truediv
from statistics import median

from bench.batch import QUANTITIES
from bench.callers import CALLERS, HOT_PRODUCTS, ITEMS, Load
from bench.floor import CHUNK
from bench.sides import BULK_WRITE, ENGINE, HTTP, UPDATE_ONE, Taken, Takings

FLOORS = {BULK_WRITE: "÷ bulk_write", UPDATE_ONE: "÷ update_one"}


def head(machine: str, drivers: Sequence[str], seed: int) -> str:
    kinds = "; ".join(f"{kind} is {meaning}" for kind, (meaning, _) in QUANTITIES.items())
    return f"""# `batchUpdateStock` against plain PyMongo

* {machine}
* Server: `python -m server`, a process for each driver ({", ".join(drivers)}). One request with the
  flat query `{{ productId success newStock }}`, in chunks of {CHUNK}, several side by side.
  Timed from sending the body to the last byte of the answer.
* Floor: a synchronous PyMongo program that trusts its input. Per {CHUNK} products one transaction
  with the same find, one updateOne per product and the same ledger rows, one after the other.
  `bulk_write` sends the updates of a chunk together, `update_one` each by itself.
* All on one mongod, on the same collections with their indexes and validators, taking turns: every
  batch (distinct random products, seed {seed}) is done by each side, another one first each time.
* Times are medians (least–most). A ratio is server ÷ floor within one turn, and shown in the same
  way: below 1 the server is faster.
* Quantities: {kinds}.
* Verified outside the timed part: every item a success and every `newStock` right; at the end the
  stock of every product, and the sum of its ledger.
"""


def sizes_header(drivers: Sequence[str]) -> str:
    columns = ["items", "quantities", "turns", *FLOORS]
    for driver in drivers:
        columns += [driver, *FLOORS.values()]
    return _row(columns) + "\n" + _rule(columns)


def sizes_row(size: int, kind: str, drivers: Sequence[str], takings: Takings) -> str:
    cells = [str(size), kind, str(len(takings[BULK_WRITE].seconds))]
    cells += [_time(takings[name].seconds) if name in takings else "" for name in FLOORS]
    for driver in drivers:
        cells.append(_time(takings[driver].seconds))
        cells += [
            _ratio(takings[driver], takings[name]) if name in takings else "" for name in FLOORS
        ]
    return _row(cells)


def breakdown_header(size: int) -> str:
    columns = ["driver", "whole request", "engine alone", "÷ engine"]
    columns += ["CPU: engine", "+ GraphQL, JSON, HTTP", "= whole request", "turns"]
    title = f"""
Where the time of a request of {size} mixed items goes. The engine alone (`Batches.update_stock`)
runs in process, in turns with the whole request. First by the clock, then the CPU time of the
Python process. What mongod uses, and waiting for it, is not in the CPU time:
"""
    return "\n".join([title, _row(columns), _rule(columns)])


def breakdown_row(driver: str, takings: Takings) -> str:
    engine, whole = (takings[name].cpu_seconds for name in (ENGINE, HTTP))
    parts = [engine, list(map(sub, whole, engine))]
    cells = [driver, _time(takings[HTTP].seconds), _time(takings[ENGINE].seconds)]
    cells.append(_ratio(takings[HTTP], takings[ENGINE]))
    cells += [_time(part) for part in [*parts, whole]]
    return _row([*cells, str(len(whole))])


def load_header() -> str:
    columns = ["servers", "products", "requests/s", "items/s", "time of a request", "retries"]
    title = f"""
{CALLERS} callers at once, each sending batches of {ITEMS} on a connection of its own. Disjoint: no
product in common. Hot: all on the same {HOT_PRODUCTS}, each several times per batch. Retries are
transactions that ran again, from `/metrics`. Within one process, chunks that share a product take
turns, so only several processes on one database meet conflicts:
"""
    return "\n".join([title, _row(columns), _rule(columns)])


def load_row(servers: str, products: str, load: Load) -> str:
    count = len(load.request_seconds)
    cells = [
        servers,
        products,
        f"**{count / load.seconds:.0f}**",
        f"{count * ITEMS / load.seconds:.0f}",
        _time(load.request_seconds),
        f"{load.retries} in {count} requests",
    ]
    return _row(cells)


def _time(seconds: Sequence[float]) -> str:
    least, most = _milliseconds(min(seconds)), _milliseconds(max(seconds))
    return f"{_milliseconds(median(seconds))} ms ({least}–{most})"


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f}" if abs(milliseconds) >= 100 else f"{milliseconds:.1f}"


def _ratio(ours: Taken, other: Taken) -> str:
    ratios = list(map(truediv, ours.seconds, other.seconds))
    return f"**{median(ratios):.2f}** ({min(ratios):.2f}–{max(ratios):.2f})"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: Sequence[str]) -> str:
    return "|" + "---|" * len(columns)
