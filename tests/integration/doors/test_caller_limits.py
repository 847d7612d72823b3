"""What one caller may send in a minute, and how many of its batches may wait, in all processes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server.assembly import Sizes
from server.batches.allowance import CallerLimits
from server.batches.request import BatchRequest
from server.domain.errors import RateLimited
from server.domain.options import BatchOptions
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import batch, plus_one, work_off
from tests.support.shop import Shop, open_shop
from tests.support.web.doors import Door, app_of, reply, well_formed

pytestmark = pytest.mark.either_driver

PER_MINUTE, WAITING = 10, 2
CHANGING = (
    Door.GRAPHQL_POST,
    Door.WEBSOCKET,
    Door.REST_JSON,
    Door.REST_NDJSON,
    Door.REST_CSV,
    Door.CONVEX_MUTATION,
)
SUBMITTING = (Door.REST_JSON, Door.REST_NDJSON, Door.REST_CSV)
TWO_BATCHES = """
mutation($first: [StockUpdateInput!]!, $second: [StockUpdateInput!]!) {
  first: batchUpdateStock(updates: $first) { success }
  second: batchUpdateStock(updates: $second) { success }
}
"""


@pytest.fixture
async def strict(mongod: EmbeddedMongod, driver_name: DriverName) -> AsyncIterator[Shop]:
    """Open a shop in which a caller may send ten items a minute."""
    sizes = Sizes(callers=CallerLimits(items_per_minute=PER_MINUTE))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as opened:
        yield opened


@pytest.fixture
async def patient(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> AsyncIterator[tuple[Shop, Shop]]:
    """Open two shops on one database, in which two batches of a caller may wait."""
    sizes = Sizes(callers=CallerLimits(waiting_batches=WAITING))
    async with (
        open_shop(mongod.uri, driver_name, sizes=sizes) as one,
        open_shop(mongod.uri, driver_name, sizes=sizes, database=one.database) as two,
    ):
        yield one, two


def one_batch(caller: str, key: str | None = None) -> BatchRequest:
    work = UPDATE_STOCK.work()
    return BatchRequest(work=work, options=BatchOptions(), charged_to=caller, key=key)


@pytest.mark.parametrize("door", CHANGING, ids=lambda door: door.name)
async def test_a_caller_that_has_sent_its_items_is_refused_at_every_door(
    strict: Shop, door: Door
) -> None:
    (product,) = await strict.put(0)
    app, sent = app_of(strict), well_formed(door, product, "0" * 24)
    for _ in range(PER_MINUTE):
        assert (await reply(app, door, sent)).code is None
    await work_off(strict)

    refused = await reply(app, door, sent)

    assert refused.code == "RATE_LIMITED"
    assert refused.message.startswith("You have sent as many items as you may: 10 a minute.")
    if door is not Door.WEBSOCKET:
        assert refused.status == 429
        assert 1 <= int(refused.retry_after or 0) <= 6
    await work_off(strict)
    assert strict.stocks() == {product: PER_MINUTE}


async def test_items_of_all_doors_and_mutations_count_together(strict: Shop) -> None:
    (product,) = await strict.put(0)
    app = app_of(strict)
    for door in CHANGING:
        assert (await reply(app, door, well_formed(door, product, "0" * 24))).code is None
    rest = PER_MINUTE - len(CHANGING)

    with pytest.raises(RateLimited):
        await strict.services.submissions.submit(one_batch(""), plus_one([product] * (rest + 1)))


async def test_what_was_refused_can_be_sent_after_the_time_it_was_told(strict: Shop) -> None:
    take = strict.services.allowance.take
    await take("a", PER_MINUTE)
    with pytest.raises(RateLimited) as refused:
        await take("a", 1)

    await asyncio.sleep(refused.value.retry_after_seconds)

    await take("a", 1)


async def test_two_processes_share_the_items_of_a_caller(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(callers=CallerLimits(items_per_minute=200))
    async with (
        open_shop(mongod.uri, driver_name, sizes=sizes) as one,
        open_shop(mongod.uri, driver_name, sizes=sizes, database=one.database) as two,
    ):
        granted = await asyncio.gather(
            *(taken(shop, items=3, times=60) for shop in (one, two) for _ in range(2))
        )

    assert 200 - 2 * 10 - 3 <= sum(granted) <= 200 + 10  # in blocks of ten, and it fills up


async def taken(shop: Shop, *, items: int, times: int) -> int:
    """Take items of one caller again and again, and return how many were granted."""
    granted = 0
    for _ in range(times):
        try:
            await shop.services.allowance.take("a", items)
        except RateLimited:
            await asyncio.sleep(0)
        else:
            granted += items
    return granted


async def test_a_repeated_request_is_not_charged(strict: Shop) -> None:
    (product,) = await strict.put(0)
    app = app_of(strict)
    for door in (Door.GRAPHQL_POST, Door.CONVEX_MUTATION, *SUBMITTING):
        sent = well_formed(door, product, "0" * 24).with_header("idempotency-key", door.name)
        for _ in range(PER_MINUTE):
            assert (await reply(app, door, sent)).code is None

    await strict.services.allowance.take("", PER_MINUTE - 5)


async def test_a_repetition_is_answered_when_nothing_is_left(strict: Shop) -> None:
    """Its caller may have lost the first answer, and nothing has to be done."""
    (product,) = await strict.put(0)
    app = app_of(strict)
    sent = well_formed(Door.GRAPHQL_POST, product, "0" * 24).with_header("idempotency-key", "k")
    assert (await reply(app, Door.GRAPHQL_POST, sent)).code is None
    await strict.services.allowance.take("", PER_MINUTE - 1)

    assert (await reply(app, Door.GRAPHQL_POST, sent)).is_replay
    assert strict.stocks() == {product: 1}


async def test_a_second_mutation_that_is_refused_does_not_make_the_answer_a_refusal(
    strict: Shop,
) -> None:
    """A client sends a request with 429 again, and the first mutation has taken effect."""
    (product,) = await strict.put(0)
    items = plus_one([product] * 6)

    response = await answered(strict, TWO_BATCHES, first=items, second=items)

    assert response.status_code == 200
    assert "Retry-After" not in response.headers
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfterSeconds"] >= 1
    assert strict.stocks() == {product: 6}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_request_that_did_nothing_is_answered_with_429(strict: Shop, accept: str) -> None:
    (product,) = await strict.put(0)
    items = plus_one([product] * 6)
    await strict.services.allowance.take("127.0.0.1", 5)

    response = await answered(strict, TWO_BATCHES, accept, first=items, second=items)

    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert response.json()["data"] is None
    assert strict.stocks() == {product: 0}


async def answered(
    shop: Shop, query: str, accept: str = "application/json", **variables: Any
) -> httpx.Response:
    async with shop.http() as client:
        return await client.post(
            "/graphql", json={"query": query, "variables": variables}, headers={"accept": accept}
        )


async def test_a_stream_that_has_begun_ends_and_the_caller_waits_for_longer(strict: Shop) -> None:
    ids = await strict.put(*[0] * 1_200)
    lines = "".join(f"{one},1\n" for one in ids)
    async with strict.http() as client:
        sent = {"content": f"productId,quantity\n{lines}", "headers": {"content-type": "text/csv"}}
        taken = await client.post("/api/batches/batch-update-stock", **sent)
        refused = await client.post("/api/batches/batch-update-stock", **sent)

    assert taken.json()["totalItems"] == len(ids)
    assert refused.status_code == 429
    owed = len(ids) + min(500, PER_MINUTE) - PER_MINUTE
    assert int(refused.headers["Retry-After"]) == pytest.approx(owed * 60 / PER_MINUTE, rel=0.1)


async def test_no_more_batches_of_a_caller_wait_than_the_limit(patient: tuple[Shop, Shop]) -> None:
    """Requests that come at once, at two processes, see each other."""
    (product,) = await patient[0].put(0)
    items = plus_one([product])

    ends = await asyncio.gather(
        *(
            shop.services.submissions.submit(one_batch("a"), items)
            for shop in patient
            for _ in range(5)
        ),
        return_exceptions=True,
    )

    assert sum(not isinstance(end, BaseException) for end in ends) == WAITING
    refusals = [end for end in ends if isinstance(end, BaseException)]
    assert {type(end) for end in refusals} == {RateLimited}
    assert str(refusals[0]) == (
        "2 of your batches wait or run, and at most 2 may: submit this one when another has ended."
    )
    await patient[0].services.submissions.submit(one_batch("b"), items)
    assert await work_off(patient[0]) == WAITING + 1
    await patient[0].services.submissions.submit(one_batch("a"), items)


async def test_a_batch_that_is_staged_counts_before_it_has_started(
    patient: tuple[Shop, Shop],
) -> None:
    shop = patient[0]
    ids = await shop.put(*[0] * 10)
    submissions = shop.services.submissions
    sizes = BatchOptions(batch_size=1)
    large = BatchRequest(work=UPDATE_STOCK.work(), options=sizes, charged_to="a")

    ends = await asyncio.gather(
        *(submissions.submit(large, plus_one(ids * 20)) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(end, RateLimited) for end in ends) == 4 - WAITING
    stored = [end.batch.id for end in ends if not isinstance(end, BaseException)]
    assert await work_off(shop) == 200 * WAITING
    assert {(await batch(shop, one)).success_count for one in stored} == {200}
    assert shop.admin[shop.database].batchOperations.find_one({"caller": "a"}) is None


async def test_a_repeated_submission_needs_no_room(patient: tuple[Shop, Shop]) -> None:
    shop = patient[0]
    (product,) = await shop.put(0)
    submissions, items = shop.services.submissions, plus_one([product])
    for key in ("1", "2"):
        await submissions.submit(one_batch("a", key), items)

    again = await submissions.submit(one_batch("a", "1"), items)

    assert again.replayed


@pytest.mark.parametrize("door", SUBMITTING, ids=lambda door: door.name)
async def test_a_door_says_that_batches_wait(patient: tuple[Shop, Shop], door: Door) -> None:
    (product,) = await patient[0].put(0)
    app, sent = app_of(patient[0]), well_formed(door, product, "0" * 24)
    for _ in range(WAITING):
        assert (await reply(app, door, sent)).code is None

    refused = await reply(app, door, sent)

    assert (refused.status, refused.code, refused.retry_after) == (429, "RATE_LIMITED", "5")
