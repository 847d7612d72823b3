"""Measure a request of each kind: random batches, in several sizes."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat

from bson import ObjectId

from bench.batch import (
    CREATE,
    CREATE_AND_SHOW,
    DELETE,
    DISCONTINUE,
    UPDATE,
    UPDATE_STOCK,
    Batch,
    Document,
    Mutation,
)
from bench.sides.side import SHELF, Side
from bench.table import Row
from bench.tables.rounds import Limit, Round, measure

KINDS = ["stock", "create", "update", "delete", "discontinue"]
NOTES = """\
The floor's commands for a chunk: stock: find, bulk_write of an UpdateOne for each item, insert_many
of the ledger rows. Create: insert_many. Update: find, bulk_write of an UpdateOne for each product.
Delete: find, distinct of the products with ledger rows, delete_many, and with rows one more for
them. Discontinue: find, update_many, insert_many of the ledger rows. The servers are asked for
`productId`, `success` and `newStock`, otherwise for counts and failures, and for products only
where it says so. Create, update and delete have `atomic: false`."""
LABELS = ["kind", "batch", "items"]
PLAIN = "−20…20"
_WARM_UP_ITEMS = 1_000
_STOCK = 1_000_000  # more than all batches together take
_ROWS = 5
_EITHER_WAY = [quantity for quantity in range(-20, 21) if quantity != 0]

Case = Callable[[int], Round]  # makes a round of so many items


def kind_rows(
    kind: str, sides: Sequence[Side], ids: Sequence[str], sizes: Sequence[int], limit: Limit
) -> Iterator[Row]:
    """Yield a row for each size of plain stock updates, and for the largest size of the others."""
    for label, case in _cases(kind, ids).items():
        warm_up = min(2, limit.fewest)
        measure(sides, map(case, repeat(min(_WARM_UP_ITEMS, max(sizes)))), Limit(warm_up, warm_up))
        for size in sizes if label == PLAIN else [max(sizes)]:
            taken = measure(sides, map(case, repeat(size)), limit)
            yield Row([kind, label, str(size)], taken)


def new_products(count: int, category: str) -> list[Document]:
    """Return inputs of batchCreateProducts with ids, so that every side has the same products."""
    return [
        {
            "id": str(ObjectId()),
            "name": f"Product {number:05}",
            "price": 1000 + number % 500,
            "stock": _STOCK,
            "category": category,
        }
        for number in range(count)
    ]


def either_way() -> int:
    """Return a quantity from −20 to 20."""
    return random.choice(_EITHER_WAY)


def stock_batch(ids: Sequence[str], count: int) -> Batch:
    """Return updates of distinct products."""
    chosen = random.sample(ids, count)
    return Batch(UPDATE_STOCK, [{"productId": one, "quantity": either_way()} for one in chosen])


def _cases(kind: str, ids: Sequence[str]) -> dict[str, Case]:
    """Return the cases of the kind by their labels."""
    stock = partial(_stock_updates, ids)
    cases: dict[str, dict[str, Case]] = {
        "stock": {
            PLAIN: partial(stock, lambda _: either_way()),
            "all 5": partial(stock, lambda _: 5),
            "no two alike": partial(stock, lambda number: number + 1),
        },
        "create": {
            "counts in the answer": partial(_creations, CREATE),
            "all products in the answer": partial(_creations, CREATE_AND_SHOW),
            "`continueOnError`": partial(_creations, CREATE, goes_on=True),
        },
        "update": {
            "no two alike": partial(_updates, _own_data),
            "a price of its own for each": partial(_updates, lambda number: {"price": number}),
            "the same price for all": partial(_updates, lambda _: {"price": 999}),
        },
        "delete": {
            "no `stockUpdates`": partial(_deletions, 0),
            f"{_ROWS} `stockUpdates` each, cascade": partial(_deletions, _ROWS),
        },
        "discontinue": {"each with a stock": _discontinuations},
    }
    return cases[kind]


def _stock_updates(ids: Sequence[str], quantity: Callable[[int], int], count: int) -> Round:
    chosen = enumerate(random.sample(ids, count))
    items = [{"productId": one, "quantity": quantity(number)} for number, one in chosen]
    return Round(Batch(UPDATE_STOCK, items))


def _creations(mutation: Mutation, count: int, *, goes_on: bool = False) -> Round:
    items = new_products(count, SHELF)
    for item in items:
        del item["id"]  # most callers leave it to the server
    return Round(Batch(mutation, items, {"atomic": False, "continueOnError": goes_on}), left=count)


def _updates(data: Callable[[int], Document], count: int) -> Round:
    ids, creation = _shelf(count)
    items = [{"productId": one, "data": data(number)} for number, one in enumerate(ids)]
    return Round(Batch(UPDATE, items, {"atomic": False}), [creation], left=count)


def _own_data(number: int) -> Document:
    return {"name": f"Renamed product {number:05}", "price": random.randint(0, 100_000)}


def _deletions(rows_each: int, count: int) -> Round:
    ids, creation = _shelf(count)
    rows = Batch(UPDATE_STOCK, [{"productId": one, "quantity": 1} for one in ids])
    options = {"atomic": False, "cascadeDelete": rows_each > 0}
    deletion = Batch(DELETE, [{"productId": one} for one in ids], options)
    return Round(deletion, [creation, *[rows] * rows_each])


def _discontinuations(count: int) -> Round:
    ids, creation = _shelf(count)
    return Round(Batch(DISCONTINUE, ids), [creation], left=count)


def _shelf(count: int) -> tuple[list[str], Batch]:
    """Return the ids of new products in random order, and the batch that creates them."""
    products = new_products(count, SHELF)
    ids = [product["id"] for product in products]
    return random.sample(ids, count), Batch(CREATE, products, {"atomic": False})
