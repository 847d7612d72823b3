"""Submit a batch over REST again, with its idempotency key."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.assembly import Sizes
from server.batches.stored.submissions import QueueLimits
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop
from tests.support.web.rest_calls import (
    CSV,
    ID,
    NO_LIST,
    assert_nothing_is_stored,
    post,
    refusal,
    stored,
)

pytestmark = pytest.mark.either_driver


async def test_the_same_key_gives_the_first_answer_again(shop: Shop) -> None:
    body = {"productIds": [ID], "newPrice": 5}

    first = await post(shop, "update-price", body, Idempotency_Key="spring sale")
    again = await post(shop, "update-price", body, Idempotency_Key="spring sale")
    streamed = await post(
        shop, "update-price?newPrice=5", f"productId\n{ID}", CSV, Idempotency_Key="spring sale"
    )

    assert [one.status_code for one in (first, again, streamed)] == [201, 201, 201]
    assert first.json() == again.json()
    told = streamed.json().pop("file")
    assert told["format"] == "csv"
    assert streamed.json() == first.json() | {"file": told}
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == streamed.headers["Idempotent-Replayed"] == "true"
    assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


async def test_a_key_of_another_request_is_refused(shop: Shop) -> None:
    body = {"productIds": [ID], "newPrice": 5}
    first = await post(shop, "update-price", body, Idempotency_Key="k")

    response = await post(
        shop, "update-price", {"productIds": [ID], "newPrice": 6}, Idempotency_Key="k"
    )

    assert (response.status_code, refusal(response)["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert stored(shop, first)["settings"] == {"newPrice": 5}
    assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


@pytest.mark.parametrize("levels", [600, 850])
async def test_nesting_is_no_fault_of_the_server(shop: Shop, levels: int) -> None:
    product = '{"name": ' + "[" * levels + "]" * levels + "}"
    body = '{"products": [' + product + "]}"

    response = await post(shop, "create-products", body, Idempotency_Key="k")

    assert response.status_code == 400
    assert (refusal(response)["code"], refusal(response)["message"]) == (
        "BAD_INPUT",
        "products[0] has a value for “name” that is longer than any field.",
    )
    assert_nothing_is_stored(shop)


@pytest.mark.parametrize("key", ["", "x" * 201, "käse", "a\tb"])
async def test_a_key_must_be_short_and_printable(shop: Shop, key: str) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/api/batches/batch-update-price",
            json={"productIds": [], "newPrice": 5},
            headers=[(b"Idempotency-Key", key.encode("latin-1"))],
        )

    assert response.status_code == 400
    assert refusal(response)["reasons"] == [
        f"productIds is empty: {NO_LIST}",
        "The header Idempotency-Key must be 1 to 200 printable ASCII characters.",
    ]


async def test_two_keys_are_refused(shop: Shop) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/api/batches/batch-update-price",
            json={"productIds": [ID], "newPrice": 5},
            headers=[(b"Idempotency-Key", b"a"), (b"Idempotency-Key", b"b")],
        )

    assert response.status_code == 400
    assert refusal(response)["message"] == "There are several headers Idempotency-Key: send one."
    assert_nothing_is_stored(shop)


async def test_a_full_queue_still_gives_the_first_answer_again(
    driver_name: DriverName, mongod: EmbeddedMongod
) -> None:
    sizes = Sizes(queue=QueueLimits(chunks=1))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        body = {"productIds": [ID]}
        first = await post(shop, "discontinue-products", body, Idempotency_Key="k")
        again = await post(shop, "discontinue-products", body, Idempotency_Key="k")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_key_whose_first_request_is_under_way_is_told(
    driver_name: DriverName, mongod: EmbeddedMongod
) -> None:
    under_way, answered = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"productId\n" + b"x\n" * 1500
        under_way.set()
        await answered.wait()
        yield b"y\n"

    sizes = Sizes(key_patience_seconds=0.1)
    path = "discontinue-products?batchSize=1"
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop, shop.http() as client:
        sending = asyncio.create_task(
            client.post(
                f"/api/batches/batch-{path}",
                content=slow(),
                headers={"Content-Type": CSV, "Idempotency-Key": "k"},
            )
        )
        await under_way.wait()

        second = await post(shop, path, "productId\nx", CSV, Idempotency_Key="k")
        answered.set()
        first = await sending

        assert (second.status_code, refusal(second)["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
        assert second.headers["Retry-After"] == "1"
        assert stored(shop, first)["totalItems"] == 1501
        assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1
