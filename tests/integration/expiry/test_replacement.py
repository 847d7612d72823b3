"""Create a product with the id of an expired one, which is replaced together with its rows."""

from typing import Any

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.create_products.rules import Created
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.outcomes import codes
from tests.support.products.expiring import (
    AN_HOUR,
    DUE,
    JUST_BEFORE,
    documents,
    is_found,
    put_expiring,
    put_row,
    stored,
)
from tests.support.shop import Shop, open_shop


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


async def test_an_atomic_creation_that_goes_on_replaces_it_beside_an_item_at_fault(
    shop: Shop,
) -> None:
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
