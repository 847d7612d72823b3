"""Submit background batches with an idempotency key."""

from typing import Any

import pytest

from server.assembly import Sizes
from server.batches.stored.submissions import QueueLimits
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.batches.batch_work import work_off
from tests.support.shop import UNKNOWN_ID, Shop, open_shop
from tests.support.web.whole_answers import Json, code_of, data_of, everything, is_replay, post

SUBMIT = """
mutation ($operation: BatchOperationInput!, $key: String) {
  submitBatch(operation: $operation, idempotencyKey: $key) { id status totalItems }
}
"""
RETRY = "mutation ($id: ID!) { retryBatch(id: $id) { id status totalItems retryOf } }"
CANCEL = "mutation ($id: ID!) { cancelBatch(id: $id) { id status } }"


def discontinuation(*ids: str, **fields: Any) -> Json:
    return {"discontinueProducts": {"productIds": list(ids)} | fields}


async def submit(shop: Shop, operation: Json, key: str | None = "key") -> Json:
    async with shop.http() as client:
        return await post(client, SUBMIT, {"operation": operation}, key)


async def test_a_submission_sent_again_gives_the_same_batch(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    first = await submit(shop, discontinuation(*ids))
    left = everything(shop)

    waiting = await submit(shop, discontinuation(*ids))

    assert data_of(waiting) == data_of(first)
    assert (is_replay(first), is_replay(waiting)) == (False, True)
    assert everything(shop) == left

    await work_off(shop)
    ended = await submit(shop, discontinuation(*ids))

    assert data_of(ended) == data_of(first) | {"status": "COMPLETED"}
    assert is_replay(ended)
    assert len(shop.rows()) == 2
    assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


async def test_a_submission_of_many_chunks_sent_again_gives_the_same_batch(shop: Shop) -> None:
    ids = await shop.put(*[10] * 40)
    operation = discontinuation(*ids, batchSize=1)  # more chunks than one transaction stores
    first = await submit(shop, operation)
    left = everything(shop)

    again = await submit(shop, operation)

    assert data_of(again) == data_of(first)
    assert is_replay(again)
    assert everything(shop) == left


async def test_a_key_of_another_submission_is_refused(shop: Shop) -> None:
    one, two = await shop.put(10, 10)
    first = discontinuation(one, two)
    others = [
        discontinuation(two, one),
        discontinuation(one),
        discontinuation(one, two, batchSize=2),
        {"updatePrice": {"productIds": [one, two], "newPrice": 5}},
        {"updateStock": {"updates": [{"productId": one, "quantity": 1}]}},
        discontinuation(*[one] * 40, batchSize=1),
    ]
    await submit(shop, first)
    before = everything(shop)

    for other in others:
        answer = await submit(shop, other)
        assert (code_of(answer), other) == ("IDEMPOTENCY_KEY_REUSED", other)
        assert everything(shop) == before


@pytest.mark.parametrize("other", [6, 5.5, 0])
async def test_a_key_with_another_price_is_refused(shop: Shop, other: float) -> None:
    ids = await shop.put(10)
    await submit(shop, {"updatePrice": {"productIds": ids, "newPrice": 5}})
    before = everything(shop)

    answer = await submit(shop, {"updatePrice": {"productIds": ids, "newPrice": other}})

    assert code_of(answer) == ("BAD_INPUT" if other == 5.5 else "IDEMPOTENCY_KEY_REUSED")
    assert everything(shop) == before


async def test_a_refused_submission_leaves_its_key_free(shop: Shop) -> None:
    ids = await shop.put(10)
    refused = [discontinuation(), {"updatePrice": {"productIds": ids, "newPrice": -1}}]
    for operation in refused:
        assert code_of(await submit(shop, operation)) == "BAD_INPUT"

    answer = await submit(shop, discontinuation(*ids))

    assert (data_of(answer)["totalItems"], is_replay(answer)) == (1, False)


async def test_a_submission_is_found_again_though_the_queue_is_full(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    sizes = Sizes(queue=QueueLimits(chunks=1))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(10)
        first = await submit(shop, discontinuation(*ids))
        full = await submit(shop, discontinuation(*ids), "another")

        again = await submit(shop, discontinuation(*ids))

        assert code_of(full) == "QUEUE_FULL"
        assert data_of(again) == data_of(first)
        assert is_replay(again)


async def test_a_retry_sent_again_gives_the_same_batch(shop: Shop) -> None:
    ids = await shop.put(10)
    failed = data_of(await submit(shop, discontinuation(*ids, UNKNOWN_ID, "zz")))
    await work_off(shop)
    async with shop.http() as client:
        first = await post(client, RETRY, {"id": failed["id"]}, "retry")
        await work_off(shop)
        left = everything(shop)
        again = await post(client, RETRY, {"id": failed["id"]}, "retry")
        another = await post(client, RETRY, {"id": failed["id"]})

    retried = data_of(first)
    assert (retried["totalItems"], retried["retryOf"]) == (2, failed["id"])
    assert data_of(again) == retried | {"status": "COMPLETED"}
    assert (is_replay(first), is_replay(again), is_replay(another)) == (False, True, False)
    assert data_of(another)["id"] not in (failed["id"], retried["id"])
    assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 3
    assert len(left["batchOperations"]) == 2


async def test_a_key_of_another_retry_is_refused(shop: Shop) -> None:
    batches = [data_of(await submit(shop, discontinuation(UNKNOWN_ID), key)) for key in "ab"]
    await work_off(shop)
    async with shop.http() as client:
        await post(client, RETRY, {"id": batches[0]["id"]}, "retry")
        before = everything(shop)
        other = await post(client, RETRY, {"id": batches[1]["id"]}, "retry")
        of_the_first = await post(client, RETRY, {"id": batches[1]["id"]}, "a")

    assert code_of(other) == code_of(of_the_first) == "IDEMPOTENCY_KEY_REUSED"
    assert everything(shop) == before


async def test_a_cancellation_does_not_mind_a_key(shop: Shop) -> None:
    """A second cancellation changes nothing anyway."""
    batch = data_of(await submit(shop, discontinuation(UNKNOWN_ID)))
    async with shop.http() as client:
        first, again = [await post(client, CANCEL, {"id": batch["id"]}, "key") for _ in range(2)]

    assert data_of(first) == data_of(again) == {"id": batch["id"], "status": "CANCELLED"}


async def test_a_cancelled_batch_is_found_by_its_key(shop: Shop) -> None:
    batch = data_of(await submit(shop, discontinuation(UNKNOWN_ID)))
    async with shop.http() as client:
        await post(client, CANCEL, {"id": batch["id"]})

    again = await submit(shop, discontinuation(UNKNOWN_ID))

    assert data_of(again) == batch | {"status": "CANCELLED"}
