"""The report on batches of products, in Markdown."""

from collections.abc import Sequence

from bench.products.case import Case
from bench.products.sides import FLOOR
from bench.table import header, ratio_cell, row, time_cell
from bench.turns import Takings


def head(drivers: Sequence[str]) -> str:
    columns = ["mutation", "batch", "items", "turns", FLOOR]
    for driver in drivers:
        columns += [driver, f"÷ {FLOOR}"]
    return f"""
## Batches of products

* Asked for: `stats` and `failed`, and where it says so all fields of all products. `atomic: false`,
  so that the chunks run one after another, and with `continueOnError: true` several side by side.
* Floor, per chunk. Create: insert_many. Update: the same find, one bulk_write of an UpdateOne per
  product. Delete: the same find, the same count of `stockUpdates`, delete_many; with rows a
  delete_many of them, too. It leaves no mark of its commit, as the server does with one more insert
  in an update or a delete.
* The products of a turn come on top of those that stay, and are taken away after it.
* Verified: the counts, that nothing failed, the products in the answer if asked for, and after each
  turn every product in the database.

{header(columns)}"""


def row_of(case: Case, size: int, drivers: Sequence[str], takings: Takings) -> str:
    floor = takings[FLOOR]
    cells = [f"`{case.mutation}`", case.label, str(size), str(len(floor.seconds))]
    cells.append(time_cell(floor.seconds))
    for driver in drivers:
        taken = takings.get(driver)
        cells += [time_cell(taken.seconds), ratio_cell(taken, floor)] if taken else ["", ""]
    return row(cells)


def memory_header(size: int, turns: int) -> str:
    columns = ["process", "1 item", f"{size} items", f"{turns} times {size}", "time of a batch"]
    title = f"""
Memory: the most that a fresh process has had resident (VmHWM) after `batchCreateProducts` of 1
item, then of {size}, then of {size} again until it was {turns} times. The floor is a process that
reads the same JSON and has the driver, and no server:
"""
    return "\n".join([title, header(columns)])


def memory_row(process: str, peaks: Sequence[int], seconds: Sequence[float]) -> str:
    sizes = [f"{peak / 2**20:.0f} MiB" for peak in peaks]
    return row([process, *sizes, time_cell(seconds)])
