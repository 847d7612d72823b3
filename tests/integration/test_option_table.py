"""Create, update and delete with every combination of their options, against `option_model`.

Each case compares the whole answer, and then everything that the database holds.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import httpx
import pytest
from bson import ObjectId
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from tests.integration.option_model import MAX, Json, Operation, Store, run
from tests.integration.shop import Shop, open_shop

FAILED = "failed { index productId error { ...told } errors { ...told } }"
FRAGMENTS = """
fragment whole on Product {
  id name price stock category discontinued createdAt updatedAt expiresAt
}
fragment told on ItemError { code path retryable currentStock }
"""
ARGUMENTS: dict[Operation, str] = {"create": "products", "update": "updates", "delete": "deletes"}
QUERIES: dict[Operation, str] = {
    "create": f"""
mutation ($items: [CreateProductInput!]!, $options: BatchCreateOptions) {{
  batchCreateProducts(products: $items, options: $options) {{
    outcome created {{ ...whole }} {FAILED} stats {{ total created failed }}
  }}
}}""",
    "update": f"""
mutation ($items: [UpdateProductInput!]!, $options: BatchUpdateOptions) {{
  batchUpdateProducts(updates: $items, options: $options) {{
    outcome updated {{ ...whole }} notFound {{ index productId }} {FAILED}
    stats {{ total updated notFound failed }}
  }}
}}""",
    "delete": f"""
mutation ($items: [DeleteProductInput!]!, $options: BatchDeleteOptions) {{
  batchDeleteProducts(deletes: $items, options: $options) {{
    outcome deleted {{ ...whole }} deletedCount notFound {{ index productId }} {FAILED}
    stats {{ total deleted notFound failed cascaded }}
  }}
}}""",
}

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
SIZE = 7  # items of a case: three chunks of at most 3
SLOTS = range(SIZE)
LETTERS = {"plain": "a", "counted": "b", "free": "c", "gone": "d", "expired": "e", "never": "f"}


def name_of(situation: str, index: int) -> str:
    """The id of a product in one of these situations."""
    return f"{LETTERS[situation]}{index:023d}"


def opening_store(size: int) -> Store:
    """Products in each situation, `size` of each, and rows of products that are not there."""
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
    """`kind` and `place` say what is wrong with which of its items."""

    kind: str
    place: str
    operation: Operation
    items: Sequence[Json]
    options: Json = field(default_factory=dict)


def cases(operation: Operation) -> Iterator[Case]:
    """No bad item; each kind at each place; each kind followed by the next one; no item."""
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
    """Each case in the plain way and in another one; the other ways take turns.

    Those that depend on what an earlier chunk did go all ways.
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


async def send(
    client: httpx.AsyncClient, operation: Operation, items: Sequence[Json], options: Json
) -> Json:
    variables = {"items": items, "options": options}
    response = await client.post(
        "/graphql", json={"query": QUERIES[operation] + FRAGMENTS, "variables": variables}
    )
    answer = response.json()
    assert "errors" not in answer
    (value,) = answer["data"].values()
    return dict(value)


def fill(shop: Shop, held: Store, wanted: Store) -> None:
    """Make the database, which holds `held`, hold `wanted` and nothing else."""
    for collection, now, then in [
        (shop.products, held.products, wanted.products),
        (shop.stock_updates, held.rows, wanted.rows),
    ]:
        wrong = [one for one in {**now, **then} if now.get(one) != then.get(one)]
        if doomed := [ObjectId(one) for one in wrong if one in now]:
            collection.delete_many({"_id": {"$in": doomed}})
        if missing := [document(one, then[one]) for one in wrong if one in then]:
            collection.insert_many(missing)


def document(one: str, fields: Json) -> Json:
    ids = {name: ObjectId(fields[name]) for name in ["productId"] if name in fields}
    return {"_id": ObjectId(one)} | fields | ids


def stored(shop: Shop) -> Store:
    """All products and rows that the database holds."""
    products = {str(one.pop("_id")): one for one in shop.products.find()}
    rows = {
        str(one.pop("_id")): one | {"productId": str(one["productId"])}
        for one in shop.stock_updates.find()
    }
    return Store(products, rows)


def as_sent(operation: Operation, answer: Json) -> Json:
    """The model's answer as JSON has it."""

    def told(index: int, code: str, path: Sequence[str]) -> Json:
        return {
            "code": code,
            "path": [ARGUMENTS[operation], str(index), *path],
            "retryable": code in {"ROLLED_BACK", "NOT_ATTEMPTED"},
            "currentStock": None,
        }

    failed = []
    for one in answer["failed"]:
        errors = [told(one["index"], *error) for error in one["errors"]]
        failed.append(one | {"error": errors[0], "errors": errors})
    done = f"{operation}d"
    bodies = [{name: as_text(value) for name, value in one.items()} for one in answer[done]]
    return answer | {"failed": failed, done: bodies}


def as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


class NewIds:
    """Calls a product whose id the server made as the model does, "new" and the item's index.

    The index is the last word of its name.
    """

    def __init__(self, before: Store, items: Sequence[Json]) -> None:
        self.known = {*before.products, *(str(item.get("id")).lower() for item in items)}
        self.made: dict[str, str] = {}

    def in_answer(self, answer: Json) -> Json:
        if "created" not in answer:
            return answer
        created = [one | {"id": self._called(one["id"], one)} for one in answer["created"]]
        assert len(set(self.made.values())) == len(self.made)
        return answer | {"created": created}

    def in_store(self, store: Store) -> Store:
        products = {self._called(one, fields): fields for one, fields in store.products.items()}
        return Store(products, store.rows)

    def _called(self, one: str, fields: Json) -> str:
        if one in self.known:
            return one
        assert re.fullmatch("[0-9a-f]{24}", one)
        name = f"new {fields['name'].split()[-1]}"
        assert self.made.setdefault(name, one) == one
        return name


async def compare(
    shop: Shop, client: httpx.AsyncClient, before: Store, case: Case, options: Json
) -> Store:
    """Run a batch on `before`, which the database holds: what comes of it is what the model says.

    Returns what the database holds afterwards.
    """
    options = case.options | options
    answer = await send(client, case.operation, case.items, options)
    after = stored(shop)

    expected, store = run(before, case.operation, case.items, options, shop.clock())
    new_ids, told = NewIds(before, case.items), f"{case.kind}, {case.place}, {options}"
    assert new_ids.in_answer(answer) == as_sent(case.operation, expected), told
    assert new_ids.in_store(after) == store, told
    return after


def tables() -> Iterator[tuple[Operation, Json]]:
    names = ["atomic", "continueOnError", "validateBeforeWrite"]
    for operation in GOOD:
        known = names[:2] if operation == "delete" else names
        for values in product([True, False], repeat=len(known)):
            yield operation, dict(zip(known, values, strict=True))


@pytest.mark.parametrize(
    ("operation", "options"),
    [
        pytest.param(
            operation, options, id="-".join([operation, *(n for n, on in options.items() if on)])
        )
        for operation, options in tables()
    ],
)
async def test_every_combination_of_options_does_what_the_table_says(
    shop: Shop, operation: Operation, options: Json
) -> None:
    shop.clock.stand_at(NOW)
    before = Store({}, {})
    async with shop.http() as client:
        for case, way in requests(operation, atomic=options["atomic"]):
            fill(shop, before, OPENING)
            before = await compare(shop, client, OPENING, case, options | way)


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("operation", ["create", "update", "delete"])
async def test_a_batch_is_one_transaction_if_atomic_and_otherwise_one_per_chunk(
    shop: Shop, operation: Operation, goes_on: bool
) -> None:
    shop.clock.stand_at(NOW)
    distinct = [patch(name_of("plain", i), price=i) for i in SLOTS]
    items = distinct if operation == "update" else GOOD[operation]
    ends = {}
    async with shop.http() as client:
        for atomic, size in product([True, False], [3, 500]):
            fill(shop, stored(shop), OPENING)
            shop.commands.names.clear()
            options = {"atomic": atomic, "continueOnError": goes_on, "batchSize": size}
            await send(client, operation, items, options)
            ends[atomic, size] = [n for n in shop.commands.names if n.endswith("Transaction")]

    whole = ["commitTransaction"]
    assert ends == {
        (True, 3): whole,
        (True, 500): whole,
        (False, 3): whole * 3,
        (False, 500): whole,
    }


def mostly(usual: Sequence[Any], rare: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of the rare ones now and then, so that most items of a batch are good."""
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


def test_random_batches_do_what_the_table_says(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    """One after another, on what the one before left, while products expire."""

    async def play(shop: Shop, client: httpx.AsyncClient, sent: Sequence[Case]) -> None:
        fill(shop, stored(shop), before := RANDOM_OPENING)
        for step, case in enumerate(sent):
            shop.clock.stand_at(NOW + timedelta(milliseconds=step))
            before = await compare(shop, client, before, case, {})

    with asyncio.Runner() as loop:
        opened = AsyncExitStack()
        shop = loop.run(opened.enter_async_context(open_shop(mongod.uri, driver_name)))
        client = loop.run(opened.enter_async_context(shop.http()))

        # Shrinking takes minutes on a real database: add Phase.shrink when this has failed.
        @settings(
            max_examples=60,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(batches(), min_size=1, max_size=3))
        def agree(sent: list[Case]) -> None:
            loop.run(play(shop, client, sent))

        try:
            agree()
        finally:
            loop.run(opened.aclose())
