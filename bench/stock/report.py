"""The report on `batchUpdateStock`, in Markdown."""

from collections.abc import Sequence
from operator import sub

from bench.stock.batch import QUANTITIES
from bench.stock.callers import CALLERS, HOT_PRODUCTS, ITEMS, Load
from bench.stock.sides import BULK_WRITE, ENGINE, HTTP, UPDATE_ONE
from bench.table import header, ratio_cell, row, time_cell
from bench.turns import Takings

FLOORS = {BULK_WRITE: "÷ bulk_write", UPDATE_ONE: "÷ update_one"}


def head() -> str:
    kinds = "; ".join(f"{kind} is {meaning}" for kind, (meaning, _) in QUANTITIES.items())
    return f"""
## `batchUpdateStock`

* Asked for: the flat query `{{ productId success newStock }}`. The chunks run side by side.
* Floor: the same find, one updateOne per product and the same ledger rows. `bulk_write` sends the
  updates of a chunk together, `update_one` each by itself.
* Quantities: {kinds}.
* Verified: every item a success and every `newStock` right; at the end the stock of every product,
  and the sum of its ledger.
"""


def sizes_header(drivers: Sequence[str]) -> str:
    columns = ["items", "quantities", "turns", *FLOORS]
    for driver in drivers:
        columns += [driver, *FLOORS.values()]
    return header(columns)


def sizes_row(size: int, kind: str, drivers: Sequence[str], takings: Takings) -> str:
    cells = [str(size), kind, str(len(takings[BULK_WRITE].seconds))]
    cells += [time_cell(takings[name].seconds) if name in takings else "" for name in FLOORS]
    for driver in drivers:
        cells.append(time_cell(takings[driver].seconds))
        cells += [
            ratio_cell(takings[driver], takings[name]) if name in takings else "" for name in FLOORS
        ]
    return row(cells)


def breakdown_header(size: int) -> str:
    columns = ["driver", "whole request", "engine alone", "÷ engine"]
    columns += ["CPU: engine", "+ GraphQL, JSON, HTTP", "= whole request", "turns"]
    title = f"""
Where the time of a request of {size} mixed items goes. The engine alone (`Batches.run`)
runs in process, in turns with the whole request. First by the clock, then the CPU time of the
Python process. What mongod uses, and waiting for it, is not in the CPU time:
"""
    return "\n".join([title, header(columns)])


def breakdown_row(driver: str, takings: Takings) -> str:
    engine, whole = (takings[name].cpu_seconds for name in (ENGINE, HTTP))
    parts = [engine, list(map(sub, whole, engine))]
    cells = [driver, time_cell(takings[HTTP].seconds), time_cell(takings[ENGINE].seconds)]
    cells.append(ratio_cell(takings[HTTP], takings[ENGINE]))
    cells += [time_cell(part) for part in [*parts, whole]]
    return row([*cells, str(len(whole))])


def load_header() -> str:
    columns = ["servers", "products", "requests/s", "items/s", "time of a request", "retries"]
    title = f"""
{CALLERS} callers at once, each sending batches of {ITEMS} on a connection of its own. Disjoint: no
product in common. Hot: all on the same {HOT_PRODUCTS}, each several times per batch. Retries are
transactions that ran again, from `/metrics`. Within one process, chunks that share a product take
turns, so only several processes on one database meet conflicts:
"""
    return "\n".join([title, header(columns)])


def load_row(servers: str, products: str, load: Load) -> str:
    count = len(load.request_seconds)
    cells = [
        servers,
        products,
        f"**{count / load.seconds:.0f}**",
        f"{count * ITEMS / load.seconds:.0f}",
        time_cell(load.request_seconds),
        f"{load.retries} in {count} requests",
    ]
    return row(cells)
