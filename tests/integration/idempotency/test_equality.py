"""Compare what a mutation answers and does with a key and without one."""

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import httpx
import pytest

from tests.support.models.option_cases import (
    NOW,
    OPENING,
    SLOTS,
    name_of,
    requests,
    with_every_combination,
)
from tests.support.models.option_model import Operation, Store
from tests.support.models.option_store import fill, stored
from tests.support.shop import Shop
from tests.support.web.whole_answers import Json, data_of, everything, is_replay, send

pytestmark = pytest.mark.either_driver
SURROGATE = "\ud800"
PLAIN = [name_of("plain", i) for i in SLOTS]
STOCK_CASES: dict[str, Sequence[Json]] = {
    "no items": [],
    "good": [{"productId": one, "quantity": -i} for i, one in enumerate(PLAIN)],
    "one product": [{"productId": PLAIN[0], "quantity": i - 5} for i in range(12)],
    "bad ones": [
        {"productId": PLAIN[0].upper(), "quantity": 5, "expectedStock": 10},
        {"productId": PLAIN[1], "quantity": -1000},
        {"productId": name_of("never", 2), "quantity": 1},
        {"productId": name_of("gone", 3), "quantity": 1},
        {"productId": name_of("expired", 3), "quantity": 1},
        {"productId": PLAIN[4], "quantity": 2**31 - 1},
        {"productId": PLAIN[5], "quantity": 1, "expectedStock": None},
        {"productId": PLAIN[0], "quantity": 5, "expectedStock": 10},
        {"productId": "nonsense", "quantity": 1},
    ],
    "weird values": [
        {"productId": PLAIN[0], "quantity": 0.5},
        {"productId": PLAIN[1], "quantity": -(10**400)},
        {"productId": PLAIN[2], "quantity": 10**400},
        {"productId": PLAIN[3], "quantity": -(10**18)},
        {"productId": PLAIN[4], "quantity": 0.1 + 0.2},
        {"productId": PLAIN[5], "quantity": 2.0},
        {"productId": PLAIN[6], "quantity": -0.0},
        {"productId": PLAIN[6], "quantity": 1e300},
        {"productId": SURROGATE, "quantity": 1},
        {"productId": "\0", "quantity": 1},
        {"productId": "x" * 10_000, "quantity": 1},
    ],
}
WEIRD: dict[str, Sequence[Json]] = {
    "create": [
        {"name": "n" * 100_000, "price": 10**400, "stock": 0.5, "category": SURROGATE},
        {"id": SURROGATE, "name": f"a{SURROGATE}", "price": 1, "stock": 1, "category": "c"},
        {"id": "", "name": "\0", "price": 1e300, "stock": -0.0, "category": "ﬃ"},
        {
            "id": None,
            "name": "\0",
            "price": 2.0,
            "stock": -0.0,
            "category": "𝒸",
            "discontinued": None,
        },
        {"name": "$set", "price": 1, "stock": 1, "category": "$category"},
    ],
    "update": [
        {"productId": PLAIN[0], "data": {"name": f"a{SURROGATE}", "price": 10**400}},
        {"productId": SURROGATE, "data": {"price": -(10**400)}},
        {"productId": PLAIN[1], "data": {"name": None, "price": None, "category": None}},
        {"productId": PLAIN[2], "data": {}},
        {"productId": PLAIN[3], "data": {"name": "\0$x", "category": "c" * 100_000}},
        {"productId": PLAIN[4], "data": {"name": "$name", "category": "\0"}},
    ],
    "delete": [
        {"productId": SURROGATE, "cascadeDelete": None},
        {"productId": PLAIN[0], "cascadeDelete": None},
        {"productId": name_of("counted", 0), "cascadeDelete": False},
        {"productId": "0" * 100_000, "cascadeDelete": True},
    ],
}


async def agree(
    shop: Shop, client: httpx.AsyncClient, operation: str, items: Any, options: Json
) -> None:
    """Check that a batch is answered alike without a key, with one, and when it is repeated."""
    told = f"{operation} {options} {items}"[:1000]
    fill(shop, stored(shop), OPENING)
    plain = await send(client, operation, items, options)
    plain_store = comparable(stored(shop))

    fill(shop, stored(shop), OPENING)
    keyed = await send(client, operation, items, options, "key")
    keyed_store = comparable(stored(shop))
    left = repr(everything(shop))  # as a text, for a NaN is not equal to itself
    again = await send(client, operation, items, options, "key")

    assert called_new(data_of(keyed)) == called_new(data_of(plain)), told
    assert keyed_store == plain_store, told
    assert data_of(again) == data_of(keyed), told
    assert (is_replay(plain), is_replay(keyed), is_replay(again)) == (False, False, True)
    assert repr(everything(shop)) == left, told
    for collection in ("batchOperations", "batchChunks"):
        shop.admin[shop.database][collection].delete_many({})


def called_new(value: Any) -> Any:
    """Return the created products without the ids that the server chose, in their order."""
    if isinstance(value, dict) and "created" in value:
        bodies = [one if one["id"] in SENT_IDS else one | {"id": "new"} for one in value["created"]]
        assert all(re.fullmatch("[0-9a-f]{24}", one["id"]) for one in value["created"])
        return value | {"created": bodies}
    return value


SENT_IDS = {name_of(kind, i) for kind in ("free", "expired", "plain") for i in SLOTS}


def comparable(store: Store) -> Any:
    """Drop the ids that the server chose, and what tells of the stored batch."""
    products = sorted(
        (one if one in {*OPENING.products, *SENT_IDS} else "new", sorted(fields.items()))
        for one, fields in store.products.items()
    )
    rows = sorted(
        sorted((k, str(v)) for k, v in row.items() if k not in ("batchId", "index"))
        for row in store.rows.values()
    )
    return products, rows


async def agree_in_all_cases(shop: Shop, operation: Operation, options: Json) -> None:
    shop.clock.stand_at(NOW)
    async with shop.http() as client:
        for case, way in requests(operation, atomic=options["atomic"]):
            if case.place in ("", "middle", "cascade") or case.place.startswith("then"):
                await agree(shop, client, operation, case.items, case.options | options | way)


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
async def test_a_key_changes_nothing(shop: Shop, operation: Operation) -> None:
    """The batches run in chunks up to the first failure, where most could differ."""
    await agree_in_all_cases(shop, operation, {"atomic": False, "continueOnError": False})


@pytest.mark.slow
@with_every_combination
async def test_with_every_combination_of_options_a_key_changes_nothing(
    shop: Shop, operation: Operation, options: Json
) -> None:
    await agree_in_all_cases(shop, operation, options)


@pytest.mark.parametrize("operation", WEIRD)
async def test_weird_values_with_a_key_are_told_as_without(shop: Shop, operation: str) -> None:
    shop.clock.stand_at(NOW)
    async with shop.http() as client:
        for atomic, goes_on, size in product([True, False], [True, False], [1, 500]):
            options = {"atomic": atomic, "continueOnError": goes_on, "batchSize": size}
            await agree(shop, client, operation, WEIRD[operation], options)


@pytest.mark.parametrize("kind", STOCK_CASES)
async def test_stock_updates_with_a_key_are_as_without(shop: Shop, kind: str) -> None:
    shop.clock.stand_at(NOW)
    async with shop.http() as client:
        for options in stock_options():
            await agree(shop, client, "stock", STOCK_CASES[kind], options)


async def test_discontinuations_with_a_key_are_as_without(shop: Shop) -> None:
    shop.clock.stand_at(NOW)
    bad = [name_of("never", 0), "nonsense", name_of("expired", 0), SURROGATE, PLAIN[0]]
    async with shop.http() as client:
        for options in stock_options():
            for ids in ([], PLAIN, [*PLAIN, name_of("gone", 1)], [*PLAIN, *bad]):
                await agree(shop, client, "discontinue", ids, options)


@pytest.mark.parametrize("operation", ["create", "update"])
async def test_an_expiry_with_a_key_is_as_without(shop: Shop, operation: str) -> None:
    shop.clock.stand_at(NOW)
    items: dict[str, Sequence[Json]] = {
        "create": [{"name": "Cup", "price": 1, "stock": i, "category": "c"} for i in range(4)],
        "update": [{"productId": one, "data": {"price": 7}} for one in PLAIN],
    }
    async with shop.http() as client:
        for expire_in, dry_run in product([1, 3_153_600_000_000, 60_000.0], [True, False]):
            options = {"expireIn": expire_in, "dryRun": dry_run, "batchSize": 2, "atomic": False}
            await agree(shop, client, operation, items[operation], options)


def stock_options() -> Iterator[Json]:
    for atomic, dry_run, size in product([True, False], [True, False], [1, 4, 500]):
        yield {"atomic": atomic, "dryRun": dry_run, "batchSize": size}
