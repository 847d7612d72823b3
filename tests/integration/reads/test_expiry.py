"""A product that expires: there until the millisecond before it is due, and then for nobody."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.create import Created
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop

DUE = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
A_MILLISECOND = timedelta(milliseconds=1)
DUE_AS_TOLD = "2026-06-01T12:00:00.500Z"
JUST_BEFORE = DUE - A_MILLISECOND
AN_HOUR = timedelta(hours=1)
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
ORDERS = ["CREATED_ASC", "CREATED_DESC", "NAME_ASC", "NAME_DESC", "STOCK_ASC", "STOCK_DESC"]
FILTERS: list[dict[str, Any] | None] = [
    None,
    {"category": "tea"},
    {"discontinued": False},
    {"stockAtLeast": 10},
    {"stockAtMost": 10},
    {"stockAtLeast": 10, "stockAtMost": 10},
    {"namePrefix": "gr"},
    {"category": "tea", "discontinued": False, "stockAtLeast": 1, "namePrefix": "green"},
]

PRODUCT = "query ($id: ID!) { product(id: $id) { id expiresAt } }"
PRODUCTS = """
query ($filter: ProductFilter, $orderBy: ProductOrder, $first: Int, $after: String) {
  products(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""
STOCK_UPDATES = "{ stockUpdates { edges { node { productId product { id } } } } }"
CREATE = """
mutation ($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) {
    outcome created { id createdAt expiresAt } failed { index error { code } }
  }
}
"""
UPDATE = """
mutation ($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) {
    outcome updated { id expiresAt } notFound { index productId } failed { index error { code } }
  }
}
"""
DELETE = """
mutation ($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) {
    outcome deletedCount notFound { index productId } failed { index error { code } }
  }
}
"""


async def put_expiring(shop: Shop, *stocks: int, **fields: Any) -> list[str]:
    """Products that expire at `DUE`."""
    return await shop.put(*stocks, **{"expires_at": DUE, "created_at": CREATED} | fields)


def put_row(shop: Shop, *product_ids: str) -> None:
    """A row in the ledger for each mention of a product."""
    fixed = {"quantity": 0, "timestamp": CREATED, "status": "applied", "reason": "adjustment"}
    shop.stock_updates.insert_many(
        [fixed | {"_id": ObjectId(), "productId": ObjectId(one)} for one in product_ids]
    )


def documents(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, to see that nothing changed."""
    return {"products": list(shop.products.find().sort("_id")), "stockUpdates": shop.rows()}


def stored(shop: Shop, product_id: str) -> dict[str, Any]:
    document: dict[str, Any] = shop.products.find_one({"_id": ObjectId(product_id)})
    return document


def codes(outcomes: Sequence[Outcome]) -> list[ItemErrorCode | None]:
    return [one.error.code if isinstance(one, Failed) else None for one in outcomes]


async def listed(shop: Shop, **arguments: Any) -> tuple[list[str], int]:
    """The ids that `products` shows, and its `totalCount`."""
    page = await shop.ask(PRODUCTS, **arguments)
    return [edge["node"]["id"] for edge in page["edges"]], page["totalCount"]


async def is_found(shop: Shop, product_id: str) -> bool:
    return await shop.ask(PRODUCT, id=product_id) is not None


async def test_a_product_is_found_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)

    shop.clock.stand_at(JUST_BEFORE)
    before = await shop.ask(PRODUCT, id=expiring)
    shop.clock.stand_at(DUE)
    after = await shop.ask(PRODUCT, id=expiring)

    assert before == {"id": expiring, "expiresAt": DUE_AS_TOLD}
    assert after is None


@pytest.mark.parametrize("where", FILTERS, ids=str)
async def test_every_list_hides_it_from_the_millisecond_on_at_which_it_is_due(
    shop: Shop, where: dict[str, Any] | None
) -> None:
    green = {"name": "green tea", "category": "tea", "created_at": CREATED}
    (lasting,) = await shop.put(10, **green)
    (expiring,) = await put_expiring(shop, 10, **green)
    (later,) = await put_expiring(shop, 10, **green | {"expires_at": DUE + A_MILLISECOND})

    async def in_every_order(moment: datetime) -> list[tuple[list[str], int]]:
        shop.clock.stand_at(moment)
        return [await listed(shop, filter=where, orderBy=order) for order in ORDERS]

    before = await in_every_order(JUST_BEFORE)
    at_its_time = await in_every_order(DUE)
    after = await in_every_order(DUE + A_MILLISECOND)

    assert before == [both_ways(order, lasting, expiring, later) for order in ORDERS]
    assert at_its_time == [both_ways(order, lasting, later) for order in ORDERS]
    assert after == [([lasting], 1)] * len(ORDERS)


def both_ways(order: str, *ids: str) -> tuple[list[str], int]:
    """Products that differ by nothing but their ids, as this order shows them."""
    return list(ids if order.endswith("_ASC") else reversed(ids)), len(ids)


async def test_a_list_of_discontinued_products_hides_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 0, discontinued=True)

    shop.clock.stand_at(JUST_BEFORE)
    before = await listed(shop, filter={"discontinued": True})
    shop.clock.stand_at(DUE)
    after = await listed(shop, filter={"discontinued": True})

    assert before == ([expiring], 1)
    assert after == ([], 0)


async def test_a_list_of_ids_hides_it(shop: Shop) -> None:
    expiring, other = await put_expiring(shop, 10, 10)
    (lasting,) = await shop.put(10)
    where = {"ids": [lasting, other, expiring]}

    shop.clock.stand_at(JUST_BEFORE)
    before = await listed(shop, filter=where, orderBy="NAME_ASC")
    shop.clock.stand_at(DUE)
    after = await listed(shop, filter=where, orderBy="NAME_ASC")

    assert before == ([expiring, other, lasting], 3)
    assert after == ([lasting], 1)


@pytest.mark.parametrize("last_seen", ["before it", "it"])
@pytest.mark.parametrize("order", ORDERS)
async def test_a_product_that_expires_between_two_pages_neither_breaks_nor_shifts_them(
    shop: Shop, order: str, last_seen: str
) -> None:
    same = {"created_at": CREATED}
    ids = await shop.put(10, 10, **same)
    ids += await put_expiring(shop, 10, **same)
    ids += await shop.put(10, 10, 10, **same)
    expiring = ids[2]
    ids.sort(reverse=order.endswith("_DESC"))
    place = ids.index(expiring)
    size = place if last_seen == "before it" else place + 1

    shop.clock.stand_at(JUST_BEFORE)
    first = await shop.ask(PRODUCTS, first=size, orderBy=order)
    shop.clock.stand_at(DUE)
    cursor = first["pageInfo"]["endCursor"]
    second = await shop.ask(PRODUCTS, first=2, after=cursor, orderBy=order)

    assert [edge["node"]["id"] for edge in first["edges"]] == ids[:size]
    assert first["totalCount"] == 6
    assert [edge["node"]["id"] for edge in second["edges"]] == ids[place + 1 : place + 3]
    assert second["totalCount"] == 5


async def test_a_page_is_the_last_one_if_only_expired_products_follow(shop: Shop) -> None:
    await shop.put(10, 10, created_at=CREATED)
    await put_expiring(shop, 10, 10)

    shop.clock.stand_at(JUST_BEFORE)
    before = await shop.ask(PRODUCTS, first=2)
    shop.clock.stand_at(DUE)
    after = await shop.ask(PRODUCTS, first=2)

    assert before["edges"] == after["edges"]
    assert (before["pageInfo"]["hasNextPage"], before["totalCount"]) == (True, 4)
    assert (after["pageInfo"]["hasNextPage"], after["totalCount"]) == (False, 2)


async def test_the_rows_of_the_ledger_show_no_product_then(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)

    shop.clock.stand_at(JUST_BEFORE)
    before = await shop.ask(STOCK_UPDATES)
    shop.clock.stand_at(DUE)
    after = await shop.ask(STOCK_UPDATES)

    assert before["edges"] == [{"node": {"productId": expiring, "product": {"id": expiring}}}]
    assert after["edges"] == [{"node": {"productId": expiring, "product": None}}]


async def test_a_product_without_an_expiry_never_expires(shop: Shop) -> None:
    (lasting,) = await shop.put(10)
    shop.clock.stand_at(datetime(9999, 12, 31, tzinfo=UTC))

    outcomes = await shop.update([(lasting, 5)])

    assert codes(outcomes) == [None]
    assert await listed(shop) == ([lasting], 1)
    assert await shop.ask(PRODUCT, id=lasting) == {"id": lasting, "expiresAt": None}
    assert "expiresAt" not in stored(shop, lasting)


async def test_every_mutation_finds_it_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    ids = await put_expiring(shop, 10, 10, 10, 10)
    shop.clock.stand_at(JUST_BEFORE)

    updated = await shop.update([(ids[0], 5)])
    discontinued = await shop.discontinue([ids[1]])
    patched = await shop.patch((ids[2], {"price": 7}))
    deleted = await shop.delete(ids[3])

    assert [codes(one) for one in (updated, discontinued, patched, deleted)] == [[None]] * 4
    assert shop.stocks() == {ids[0]: 15, ids[1]: 0, ids[2]: 10}
    assert [one["expiresAt"] for one in shop.products.find()] == [DUE] * 3


async def test_a_stock_update_does_not_find_it_then_and_leaves_a_failed_row(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    before = stored(shop, expiring)
    shop.clock.stand_at(DUE)

    outcomes = await shop.update([(expiring, 5), (lasting, 5)])

    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND, None]
    assert stored(shop, expiring) == before
    assert shop.stocks()[lasting] == 15
    assert [
        (str(row["productId"]), row["quantity"], row["status"], row.get("code"), row["timestamp"])
        for row in shop.rows()
    ] == [
        (expiring, 5, "failed", "PRODUCT_NOT_FOUND", DUE),
        (lasting, 5, "applied", None, DUE),
    ]


async def test_a_discontinuation_does_not_find_it_then(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    outcomes = await shop.discontinue([expiring])

    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND]
    assert documents(shop) == before


@pytest.mark.parametrize("expire_in", [None, 3_600_000])
async def test_a_field_update_does_not_find_it_then_and_cannot_call_it_back(
    shop: Shop, expire_in: int | None
) -> None:
    (expiring,) = await put_expiring(shop, 10)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    result = await shop.ask(
        UPDATE,
        updates=[{"productId": expiring, "data": {"price": 7}}],
        options={"expireIn": expire_in},
    )

    assert result == {
        "outcome": "NONE",
        "updated": [],
        "notFound": [{"index": 0, "productId": expiring}],
        "failed": [],
    }
    assert documents(shop) == before


@pytest.mark.parametrize("cascade", [True, False])
async def test_a_deletion_does_not_find_it_then_and_leaves_its_rows_to_the_sweep(
    shop: Shop, cascade: bool
) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    result = await shop.ask(
        DELETE, deletes=[{"productId": expiring}], options={"cascadeDelete": cascade}
    )

    assert result == {
        "outcome": "NONE",
        "deletedCount": 0,
        "notFound": [{"index": 0, "productId": expiring}],
        "failed": [],
    }
    assert documents(shop) == before


async def test_its_id_is_in_use_until_the_millisecond_before_it_is_due(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)
    before = documents(shop)
    shop.clock.stand_at(JUST_BEFORE)

    outcomes = await shop.create({"own_id": expiring})

    assert codes(outcomes) == [ItemErrorCode.DUPLICATE_KEY]
    assert documents(shop) == before


@pytest.mark.parametrize("spell", [str.lower, str.upper])
async def test_a_creation_with_its_id_replaces_it_then_and_takes_its_rows_along(
    shop: Shop, spell: Any
) -> None:
    expiring, other = await put_expiring(shop, 10, 10)
    (lasting,) = await shop.put(10)
    put_row(shop, expiring, other, lasting, expiring)
    kept = [row for row in shop.rows() if str(row["productId"]) != expiring]
    neighbours = [stored(shop, other), stored(shop, lasting)]
    shop.clock.stand_at(DUE)
    shop.commands.names.clear()

    (outcome,) = await shop.create({"own_id": spell(expiring), "name": "Mug", "stock": 3})

    assert isinstance(outcome, Created)
    assert stored(shop, expiring) == {
        "_id": ObjectId(expiring),
        "name": "Mug",
        "price": 100,
        "stock": 3,
        "category": "tableware",
        "discontinued": False,
        "createdAt": DUE,
        "updatedAt": DUE,
    }
    assert shop.rows() == kept
    assert [stored(shop, other), stored(shop, lasting)] == neighbours
    assert shop.commands.names.count("commitTransaction") == 1
    assert await is_found(shop, expiring)


async def test_what_has_replaced_it_starts_a_ledger_of_its_own(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    shop.clock.stand_at(JUST_BEFORE)
    await shop.update([(expiring, 90)])
    shop.clock.stand_at(DUE)

    await shop.create({"own_id": expiring, "stock": 3})
    outcomes = await shop.update([(expiring, 4)])

    assert codes(outcomes) == [None]
    shop.assert_ledger_explains({expiring: 3})
    assert [row["quantity"] for row in shop.rows()] == [4]


async def test_what_replaces_it_may_expire_in_its_turn(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    shop.clock.stand_at(DUE)

    await shop.create({"own_id": expiring}, expire_in=AN_HOUR)
    again = await shop.create({"own_id": expiring})
    shop.clock.stand_at(DUE + AN_HOUR)
    at_its_time = await shop.create({"own_id": expiring})

    assert codes(again) == [ItemErrorCode.DUPLICATE_KEY]
    assert codes(at_its_time) == [None]
    assert "expiresAt" not in stored(shop, expiring)


async def test_of_two_creations_with_its_id_the_first_replaces_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    shop.clock.stand_at(DUE)

    outcomes = await shop.create(
        {"own_id": expiring, "name": "first"},
        {"own_id": expiring, "name": "second"},
        continue_on_error=True,
    )

    assert codes(outcomes) == [None, ItemErrorCode.DUPLICATE_KEY]
    assert stored(shop, expiring)["name"] == "first"


@pytest.mark.parametrize("command", ["insert", "delete", "commitTransaction"])
async def test_a_creation_that_fails_leaves_what_it_would_have_replaced_with_all_its_rows(
    mongod: EmbeddedMongod, driver_name: DriverName, command: str
) -> None:
    async with open_shop(mongod.uri, driver_name, deadline_seconds=0.5) as shop:
        (expiring,) = await put_expiring(shop, 10)
        put_row(shop, expiring, expiring)
        before = documents(shop)
        shop.clock.stand_at(DUE)

        with shop.failing(command, mode="alwaysOn", errorCode=8):  # UnknownError: not for a retry
            outcomes = await shop.create({"own_id": expiring, "name": "Mug"})

        assert len(outcomes) == 1
        assert isinstance(outcomes[0], Failed)
        assert documents(shop) == before


async def test_a_dry_run_of_its_replacement_leaves_it_and_its_rows(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    outcomes = await shop.create({"own_id": expiring, "name": "Mug"}, dry_run=True)

    assert codes(outcomes) == [None]
    assert documents(shop) == before


async def test_an_atomic_creation_that_is_rolled_back_replaces_nothing(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    put_row(shop, expiring)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    outcomes = await shop.create({"own_id": expiring}, {"own_id": lasting}, {}, atomic=True)

    assert codes(outcomes) == [
        ItemErrorCode.ROLLED_BACK,
        ItemErrorCode.DUPLICATE_KEY,
        ItemErrorCode.ROLLED_BACK,
    ]
    assert documents(shop) == before


async def test_an_atomic_creation_that_goes_on_replaces_it_beside_a_culprit(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    put_row(shop, expiring, lasting)
    shop.clock.stand_at(DUE)

    outcomes = await shop.create(
        {"own_id": expiring, "stock": 3}, {"own_id": lasting}, atomic=True, continue_on_error=True
    )

    assert codes(outcomes) == [None, ItemErrorCode.DUPLICATE_KEY]
    assert shop.stocks() == {expiring: 3, lasting: 10}
    assert [str(row["productId"]) for row in shop.rows()] == [lasting]


async def test_an_atomic_stock_update_is_rolled_back_by_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    shop.clock.stand_at(DUE)

    outcomes = await shop.update([(lasting, 5), (expiring, 5)], atomic=True)

    assert codes(outcomes) == [ItemErrorCode.ROLLED_BACK, ItemErrorCode.PRODUCT_NOT_FOUND]
    assert shop.stocks() == {expiring: 10, lasting: 10}
    assert [row["status"] for row in shop.rows()] == ["failed", "failed"]


@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_atomic_field_update_meets_it_as_a_culprit(shop: Shop, goes_on: bool) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    before = stored(shop, expiring)
    shop.clock.stand_at(DUE)

    outcomes = await shop.patch(
        (expiring, {"price": 7}), (lasting, {"price": 7}), atomic=True, continue_on_error=goes_on
    )

    neighbour = None if goes_on else ItemErrorCode.ROLLED_BACK
    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND, neighbour]
    assert stored(shop, expiring) == before
    assert stored(shop, lasting)["price"] == (7 if goes_on else 100)


@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_atomic_deletion_meets_it_as_a_culprit(shop: Shop, goes_on: bool) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    put_row(shop, expiring, lasting)
    shop.clock.stand_at(DUE)

    outcomes = await shop.delete(
        lasting, expiring, cascade=True, atomic=True, continue_on_error=goes_on
    )

    neighbour = None if goes_on else ItemErrorCode.ROLLED_BACK
    left = [expiring] if goes_on else [expiring, lasting]
    assert codes(outcomes) == [neighbour, ItemErrorCode.PRODUCT_NOT_FOUND]
    assert sorted(shop.stocks()) == left
    assert [str(row["productId"]) for row in shop.rows()] == left


async def test_an_atomic_discontinuation_is_rolled_back_by_it(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    before = documents(shop)
    shop.clock.stand_at(DUE)

    outcomes = await shop.discontinue([lasting, expiring], atomic=True)

    assert codes(outcomes) == [ItemErrorCode.ROLLED_BACK, ItemErrorCode.PRODUCT_NOT_FOUND]
    assert documents(shop) == before


async def test_a_field_update_without_an_expiry_keeps_the_one_there_is(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    (lasting,) = await shop.put(10)
    shop.clock.stand_at(JUST_BEFORE)

    result = await shop.ask(
        UPDATE,
        updates=[{"productId": one, "data": {"price": 7}} for one in (expiring, lasting)],
    )

    assert [one["expiresAt"] for one in result["updated"]] == [DUE_AS_TOLD, None]
    assert stored(shop, expiring)["expiresAt"] == DUE
    assert "expiresAt" not in stored(shop, lasting)
    shop.clock.stand_at(DUE)
    assert await listed(shop) == ([lasting], 1)


async def test_a_field_update_in_the_last_millisecond_can_put_it_off(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    put_row(shop, expiring)
    shop.clock.stand_at(JUST_BEFORE)

    outcomes = await shop.patch((expiring, {"price": 7}), expire_in=AN_HOUR)

    assert codes(outcomes) == [None]
    assert stored(shop, expiring)["expiresAt"] == JUST_BEFORE + AN_HOUR
    assert len(shop.rows()) == 1
    shop.clock.stand_at(JUST_BEFORE + AN_HOUR - A_MILLISECOND)
    assert await is_found(shop, expiring)
    shop.clock.stand_at(JUST_BEFORE + AN_HOUR)
    assert not await is_found(shop, expiring)


async def test_a_field_update_can_bring_the_expiry_forward(shop: Shop) -> None:
    (expiring,) = await put_expiring(shop, 10)
    shop.clock.stand_at(DUE - AN_HOUR)

    await shop.patch((expiring, {"price": 7}), expire_in=A_MILLISECOND)

    assert stored(shop, expiring)["expiresAt"] == DUE - AN_HOUR + A_MILLISECOND
    assert await is_found(shop, expiring)
    shop.clock.stand_at(DUE - AN_HOUR + A_MILLISECOND)
    assert not await is_found(shop, expiring)


async def test_a_field_update_can_give_an_expiry_to_a_product_that_had_none(shop: Shop) -> None:
    first, second, untouched = await shop.put(10, 10, 10)
    shop.clock.stand_at(DUE - AN_HOUR)

    await shop.patch((first, {"price": 7}), (second, {"name": "Mug"}), expire_in=AN_HOUR)

    assert [stored(shop, one)["expiresAt"] for one in (first, second)] == [DUE, DUE]
    assert "expiresAt" not in stored(shop, untouched)
    shop.clock.stand_at(DUE)
    assert await listed(shop) == ([untouched], 1)


@pytest.mark.parametrize("milliseconds", [1, 999, 1_234])
async def test_expire_in_is_exact_to_the_millisecond(shop: Shop, milliseconds: int) -> None:
    until = DUE + timedelta(milliseconds=milliseconds)
    shop.clock.stand_at(DUE)

    result = await shop.ask(
        CREATE,
        products=[{"name": "Cup", "price": 1, "stock": 1, "category": "tableware"}] * 2,
        options={"expireIn": milliseconds},
    )

    ids = [one["id"] for one in result["created"]]
    assert [datetime.fromisoformat(one["createdAt"]) for one in result["created"]] == [DUE, DUE]
    assert [datetime.fromisoformat(one["expiresAt"]) for one in result["created"]] == [until] * 2
    assert [stored(shop, one)["expiresAt"] for one in ids] == [until, until]
    shop.clock.stand_at(until - A_MILLISECOND)
    assert await listed(shop) == (ids, 2)
    shop.clock.stand_at(until)
    assert await listed(shop) == ([], 0)


async def test_a_chunk_that_is_run_again_goes_by_the_time_of_its_last_run(shop: Shop) -> None:
    """It becomes due while the chunk waits to be tried again: what counts is then, not when."""
    (expiring,) = await put_expiring(shop, 10)
    shop.clock.stand_at(JUST_BEFORE)
    shop.commands.on_start = lambda name: shop.clock.stand_at(DUE) if name == "update" else None

    with shop.failing("update", mode={"times": 1}, errorCode=112):
        outcomes = await shop.update([(expiring, 5)])

    assert codes(outcomes) == [ItemErrorCode.PRODUCT_NOT_FOUND]
    assert shop.stocks() == {expiring: 10}
    assert [(row["status"], row["timestamp"]) for row in shop.rows()] == [("failed", DUE)]
