"""Give a product an expiry, move it, or leave it as it is."""

from datetime import datetime, timedelta

import pytest

from tests.support.outcomes import codes
from tests.support.products.expiring import (
    A_MILLISECOND,
    AN_HOUR,
    DUE,
    DUE_AS_TOLD,
    JUST_BEFORE,
    UPDATE,
    is_found,
    listed,
    put_expiring,
    put_row,
    stored,
)
from tests.support.shop import Shop

CREATE = """
mutation ($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) {
    outcome created { id createdAt expiresAt } failed { index error { code } }
  }
}
"""


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
