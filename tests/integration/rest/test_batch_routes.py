"""List batches over REST, cancel one, and try again what failed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.batches.batch_work import work_off
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.rest_calls import CSV, post, refusal

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
pytestmark = pytest.mark.either_driver


async def get(shop: Shop, path: str, **parameters: Any) -> httpx.Response:
    async with shop.http() as client:
        return await client.get(f"/api/{path}", params=parameters)


async def change(shop: Shop, batch: str, what: str, **headers: str) -> httpx.Response:
    async with shop.http() as client:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(f"/api/batches/{batch}/{what}", json={}, headers=sent)


async def submitted(shop: Shop, product: str, quantity: int = 1) -> str:
    rows = f"productId,quantity\n{product},{quantity}\n"
    batch: str = (await post(shop, "update-stock", rows, CSV)).json()["batchId"]
    return batch


async def test_the_list_is_newest_first_and_is_followed_by_its_cursor(shop: Shop) -> None:
    (product,) = await shop.put(10)
    sent = []
    for quantity in range(5):
        shop.clock.stand_at(NOON + timedelta(seconds=quantity))
        sent.append(await submitted(shop, product, quantity))

    found: list[str] = []
    after: str | None = ""
    sizes = []
    while after is not None:
        page = (await get(shop, "batches", first=2, after=after)).json()
        found += [batch["batchId"] for batch in page["batches"]]
        sizes.append(len(page["batches"]))
        after = page["next"]

    assert found == sent[::-1]
    assert sizes == [2, 2, 1]


async def test_a_batch_in_the_list_is_as_when_it_is_polled(shop: Shop) -> None:
    (product,) = await shop.put(10)
    batch = await submitted(shop, product)
    await work_off(shop)

    (listed,) = (await get(shop, "batches")).json()["batches"]
    polled = (await get(shop, f"batches/{batch}", results="false")).json()

    assert polled == listed | {"resultsUrl": f"/api/batches/{batch}/results"}
    assert listed["createdBy"] == "anonymous"


async def test_the_list_has_the_filters_of_graphql(shop: Shop) -> None:
    (product,) = await shop.put(10)
    ended = await submitted(shop, product)
    await work_off(shop)
    waiting = await submitted(shop, product)
    deleting = (await post(shop, "discontinue-products", {"productIds": [product]})).json()

    async def ids(**filters: str) -> set[str]:
        page = (await get(shop, "batches", **filters)).json()
        return {batch["batchId"] for batch in page["batches"]}

    assert await ids(status="completed") == {ended}
    assert await ids(operationType="update-stock") == {ended, waiting}
    assert await ids(operationType="discontinue-products") == {deleting["batchId"]}
    assert await ids(status="pending", operationType="update-stock") == {waiting}
    assert await ids(status="failed") == set()


@pytest.mark.parametrize(
    ("parameters", "reasons"),
    [
        (
            {"status": "done", "first": "0"},
            [
                "The parameter status is “done”: it must be one of pending, processing, ",
                "The parameter first is “0”: it must be a whole number from 1 to 1000.",
            ],
        ),
        ({"statuss": "failed"}, ["There is no parameter “statuss”: there may be status, "]),
        ({"after": "nonsense"}, ["after is not a cursor"]),
    ],
)
async def test_a_wrong_parameter_is_named(
    shop: Shop, parameters: dict[str, str], reasons: list[str]
) -> None:
    response = await get(shop, "batches", **parameters)

    assert response.status_code == 400
    for actual, expected in zip(refusal(response)["reasons"], reasons, strict=True):
        assert actual.startswith(expected)


async def test_a_batch_that_is_cancelled_does_nothing_more(shop: Shop) -> None:
    (product,) = await shop.put(10)
    batch = await submitted(shop, product)

    cancelled = await change(shop, batch, "cancel")
    again = await change(shop, batch, "cancel")
    await work_off(shop)

    assert cancelled.status_code == again.status_code == 200
    assert cancelled.json()["status"] == "cancelled"
    assert cancelled.json()["failureCount"] == 1
    assert again.json() == cancelled.json()
    assert shop.stocks() == {product: 10}


async def test_what_failed_is_a_new_batch(shop: Shop) -> None:
    good, poor = await shop.put(10, 0)
    rows = f"productId,quantity\n{good},1\n{poor},-5\n"
    batch = (await post(shop, "update-stock", rows, CSV)).json()["batchId"]
    await work_off(shop)
    await shop.update([(poor, 5)])

    retried = await change(shop, batch, "retry", idempotency_key="again")
    repeated = await change(shop, batch, "retry", idempotency_key="again")
    await work_off(shop)

    assert retried.status_code == repeated.status_code == 201
    new = retried.json()["batchId"]
    assert retried.headers["location"] == f"/api/batches/{new}"
    assert retried.json() == {
        "message": "Batch stock update initiated",
        "batchId": new,
        "dryRun": False,
        "status": "pending",
        "totalItems": 1,
    }
    assert repeated.json() == retried.json()
    assert repeated.headers["idempotent-replayed"] == "true"
    assert (await get(shop, f"batches/{new}")).json()["retryOf"] == batch
    assert shop.stocks() == {good: 11, poor: 0}


@pytest.mark.parametrize("what", ["cancel", "retry"])
async def test_a_change_that_is_not_possible_is_refused(shop: Shop, what: str) -> None:
    (product,) = await shop.put(10)
    batch = await submitted(shop, product)
    await work_off(shop)

    unknown = await change(shop, UNKNOWN_ID, what)
    malformed = await change(shop, "x", what)
    ended = await change(shop, batch, what)
    async with shop.http() as client:
        more = await client.post(f"/api/batches/{batch}/{what}?now=1", json={"why": 1})

    assert (unknown.status_code, malformed.status_code) == (404, 404)
    assert ended.status_code == 400
    assert refusal(ended)["code"] == "BAD_INPUT"
    assert refusal(more)["reasons"] == [
        "There is no key “why”: send {}.",
        "There is no parameter “now”.",
    ]
