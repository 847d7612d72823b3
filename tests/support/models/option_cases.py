"""Provide the batches for the option table, with bad items of each kind at each place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.support.models.option_model import Json, Operation, Store
from tests.support.models.product_ids import MAX

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
SIZE = 7  # items of a case: three chunks of at most 3
SLOTS = range(SIZE)
LETTERS = {"plain": "a", "counted": "b", "free": "c", "gone": "d", "expired": "e", "never": "f"}


def name_of(situation: str, index: int) -> str:
    """Return the id of a product in one of these situations."""
    return f"{LETTERS[situation]}{index:023d}"


def opening_store(size: int) -> Store:
    """Return `size` products in each situation, and rows of products that do not exist."""
    products, rows = {}, {}

    def put(situation: str, index: int, **fields: Any) -> None:
        products[name_of(situation, index)] = {
            "name": f"{situation} {index}",
            "price": 100 + index,
            "stock": 10 + index,
            "category": "tableware",
            "discontinued": False,
            "createdAt": LONG_AGO,
            "updatedAt": LONG_AGO,
        } | fields

    def record(one: str, quantity: int, **fields: Any) -> None:
        rows[f"{len(rows):024d}"] = {
            "productId": one,
            "quantity": quantity,
            "timestamp": LONG_AGO,
            "reason": "adjustment",
        } | fields

    for index in range(size):
        put("plain", index)
        put("counted", index, expiresAt=NOW + timedelta(milliseconds=1 + index))
        put("gone", index, stock=0, discontinued=True)
        put("expired", index, expiresAt=NOW - timedelta(milliseconds=index))
        record(name_of("counted", index), 1, status="applied", newStock=10 + index)
        record(name_of("counted", index), -99, status="failed", code="INSUFFICIENT_STOCK")
        record(name_of("expired", index), 1, status="applied", newStock=10 + index)
        record(name_of("never", index), 1, status="failed", code="PRODUCT_NOT_FOUND")
    return Store(products, rows)


OPENING = opening_store(SIZE)


def patch(one: str, **data: Any) -> Json:
    return {"productId": one, "data": data}


def deletion(one: str, **fields: Any) -> Json:
    return {"productId": one} | fields


def new(index: int, **fields: Any) -> Json:
    return {"name": f" Cup {index} ", "price": index, "stock": index, "category": "new"} | fields


GOOD: dict[Operation, Sequence[Json]] = {
    "create": [
        new(0, id=name_of("free", 0)),
        new(1),
        new(2, id=name_of("expired", 0)),  # due this very millisecond
        new(3, id=name_of("free", 3).upper()),
        new(4, stock=0, discontinued=True),
        new(5),
        new(6, id=name_of("free", 6)),
    ],
    # One product four times, so that its updates would lie in three chunks.
    "update": [
        patch(name_of("plain", 0), name=" First "),
        patch(name_of("counted", 1), price=MAX, category="c" * 100),
        patch(name_of("plain", 0).upper(), price=2.0),
        patch(name_of("plain", 0), category="third"),
        patch(name_of("plain", 4), name="plain 4"),
        patch(name_of("plain", 5), name="n" * 200, price=0, category="new"),
        patch(name_of("plain", 0), name="Fourth"),
    ],
    "delete": [
        deletion(name_of("plain", 0)),
        deletion(name_of("counted", 1), cascadeDelete=True),
        deletion(name_of("gone", 2)),
        deletion(name_of("plain", 3).upper(), cascadeDelete=False),
        deletion(name_of("counted", 4), cascadeDelete=True),
        deletion(name_of("plain", 5), cascadeDelete=True),
        deletion(name_of("plain", 6)),
    ],
}
# A bad item for each place. Those with bad fields and those that the store refuses take turns.
# One with bad fields takes no id from the others, and is not looked up.
KINDS: dict[Operation, dict[str, Sequence[Json]]] = {
    "create": {
        "bad fields": [
            new(i, id=name_of("free", 6), name=" ", price=0.5, stock=-1, category="c" * 101)
            for i in SLOTS
        ],
        "id exists": [new(i, id=name_of("plain", i).upper()) for i in SLOTS],
        "malformed id": [new(i, id="nonsense", stock=1, discontinued=True) for i in SLOTS],
        "id repeated": [new(i, id=name_of("free", 0).upper()) for i in SLOTS],
    },
    "update": {
        "bad fields": [patch(name_of("plain", 0), price=-1, category="\t")] * SIZE,
        "unknown": [patch(name_of("never", i).upper(), price=1) for i in SLOTS],
        "null": [patch(name_of("never", i), name=None, price=1) for i in SLOTS],
        "discontinued": [patch(name_of("gone", i), price=1) for i in SLOTS],
        "empty patch": [patch(name_of("gone", i)) for i in SLOTS],
        "expired": [patch(name_of("expired", i), price=1) for i in SLOTS],
        "malformed id": [patch("nonsense", price=MAX + 1)] * SIZE,
    },
    "delete": {
        "malformed id": [deletion("nonsense", cascadeDelete=True)] * SIZE,
        "unknown": [deletion(name_of("never", i), cascadeDelete=True) for i in SLOTS],
        "has stock updates": [deletion(name_of("counted", i)) for i in SLOTS],
        "mentioned before": [deletion(name_of("plain", 0).upper())] * SIZE,
        "expired": [deletion(name_of("expired", i), cascadeDelete=True) for i in SLOTS],
    },
}
REPEATS = {"id repeated", "mentioned before"}  # of item 0, so that item 1 is the first bad one
PLACES = {"first": [0], "middle": [3], "last": [6], "all": SLOTS}


@dataclass(frozen=True)
class Case:
    """A batch; `kind` and `place` say what is wrong with which of its items."""

    kind: str
    place: str
    operation: Operation
    items: Sequence[Json]
    options: Json = field(default_factory=dict)


def cases(operation: Operation) -> Iterator[Case]:
    """Yield a good batch, each bad item at each place, pairs of bad items, and an empty batch."""
    good, kinds = GOOD[operation], KINDS[operation]
    yield Case("good", "", operation, good)
    for (kind, bad), other in zip(kinds.items(), [*kinds][1:] + [*kinds][:1], strict=True):
        for place, indexes in PLACES.items():
            items = list(good)
            for index in [1] if kind in REPEATS and place == "first" else indexes:
                items[index] = bad[index]
            yield Case(kind, place, operation, items)
        items = list(good)
        items[1], items[5] = bad[1], kinds[other][5]
        yield Case(kind, f"then {other}", operation, items)
    if operation == "delete":
        counted = [deletion(name_of("counted", i), cascadeDelete=False) for i in SLOTS]
        yield Case("has stock updates", "cascade", operation, counted, {"cascadeDelete": True})
    yield Case("no items", "", operation, [])


def requests(operation: Operation, *, atomic: bool) -> Iterator[tuple[Case, Json]]:
    """Yield each case with plain options, and with one of the other ways in turn.

    Cases that depend on what an earlier chunk did get all ways.
    """
    plain = {"batchSize": 3, "dryRun": False, "returnPartialResults": True}
    if operation == "delete":
        plain["returnDeletedItems"] = True
    ways = [plain | {"returnPartialResults": False}, plain | {"dryRun": True}]
    if not atomic:
        ways.append(plain | {"batchSize": 500, "returnPartialResults": False})
    if operation == "delete":
        ways.append(plain | {"returnDeletedItems": False})
    for number, case in enumerate(cases(operation)):
        others = ways if case.kind in {"good", *REPEATS} else [ways[number % len(ways)]]
        yield from ((case, way) for way in [plain, *others])


def mostly(usual: Sequence[Any], rare: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Draw a rare value now and then, so that most items of a batch are good."""
    return st.integers(0, 19).flatmap(lambda die: st.sampled_from(rare if die == 13 else usual))


RANDOM_OPENING = opening_store(4)
IDS = [name_of(situation, index) for situation in LETTERS for index in range(4)]
ODD_IDS = [*IDS, *map(str.upper, IDS), "nonsense", "", "0" * 25]
SENT_IDS = mostly([one for one in IDS if one[0] in "ab"], ODD_IDS)
OWN_IDS = mostly([None, *(one for one in IDS if one[0] in "ce")], ODD_IDS)
WHOLE = mostly([0, 1, 7.0, -0.0, MAX], [-1, 0.5, MAX + 1, 1e300, 10**30])
NAMES = mostly(["Cup", "\u2003Cup\t", "é" * 198, "n"], ["", " \u00a0", "n" * 201])
CATEGORIES = mostly(["new", " new\n", "c" * 100], ["", "\t", "c" * 101])
SWITCH = st.sampled_from([True, False, None])
PATCH = {"name": mostly(["Mug", " Mug\t"], [None, ""]), "price": WHOLE, "category": CATEGORIES}
PATCHED = st.sampled_from([["name"], ["price"], ["category"], ["name", "price"], [*PATCH], []])
ALWAYS = {"atomic": SWITCH, "continueOnError": SWITCH, "batchSize": st.sampled_from([1, 2, 3, 500])}
OPTIONS = {
    "returnPartialResults": SWITCH,
    "dryRun": st.sampled_from([False, False, False, True]),
}
WRITE_OPTIONS = OPTIONS | {"validateBeforeWrite": SWITCH, "expireIn": st.sampled_from([1, 3, 1000])}
DELETE_OPTIONS = OPTIONS | {"returnDeletedItems": SWITCH, "cascadeDelete": SWITCH}
RANDOM_ITEMS: dict[Operation, st.SearchStrategy[Json]] = {
    "create": st.fixed_dictionaries(
        {"name": NAMES, "price": WHOLE, "stock": WHOLE, "category": CATEGORIES},
        optional={"id": OWN_IDS, "discontinued": mostly([False], [True])},
    ),
    "update": st.fixed_dictionaries(
        {
            "productId": SENT_IDS,
            "data": PATCHED.flatmap(
                lambda names: st.fixed_dictionaries({name: PATCH[name] for name in names})
            ),
        }
    ),
    "delete": st.fixed_dictionaries({"productId": SENT_IDS}, optional={"cascadeDelete": SWITCH}),
}


@st.composite
def batches(draw: st.DrawFn) -> Case:
    operation: Operation = draw(st.sampled_from(["create", "update", "delete"]))
    options = DELETE_OPTIONS if operation == "delete" else WRITE_OPTIONS
    items = draw(st.lists(RANDOM_ITEMS[operation], min_size=1, max_size=8))
    for index, item in enumerate(items):
        if operation == "create" and item["name"].strip():
            item["name"] = f"{item['name']} {index}"
    return Case(
        "random", "", operation, items, draw(st.fixed_dictionaries(ALWAYS, optional=options))
    )


def tables() -> Iterator[tuple[Operation, Json]]:
    """Yield each kind of batch with each combination of its options."""
    names = ["atomic", "continueOnError", "validateBeforeWrite"]
    for operation in GOOD:
        known = names[:2] if operation == "delete" else names
        for values in product([True, False], repeat=len(known)):
            yield operation, dict(zip(known, values, strict=True))


with_every_combination = pytest.mark.parametrize(
    ("operation", "options"),
    [
        pytest.param(
            operation, options, id="-".join([operation, *(n for n, on in options.items() if on)])
        )
        for operation, options in tables()
    ],
)
