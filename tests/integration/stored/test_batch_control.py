"""Call `cancelBatch`, `retryBatch` and `retryPublication` as a client does."""

import pytest

from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.batches.batch_work import work_off
from tests.support.batches.submitting import discontinue, submit
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.whole_answers import code_of, everything

pytestmark = pytest.mark.either_driver

CANCEL = "mutation ($id: ID!) { cancelBatch(id: $id) { id status successCount failureCount } }"
RETRY = "mutation ($id: ID!) { retryBatch(id: $id) { id status totalItems retryOf operationType } }"
PUBLISH = "mutation ($id: ID!) { retryPublication(id: $id) { id } }"


async def test_a_cancelled_batch_keeps_what_it_has_done(shop: Shop) -> None:
    ids = await shop.put(*[10] * 5)
    batch = await discontinue(shop, *ids, size=1)
    await shop.assembly.worker.run_once()

    first, again = [await shop.ask(CANCEL, id=batch) for _ in range(2)]

    counted = {"status": "CANCELLED", "successCount": 1, "failureCount": 4}
    assert first == again == {"id": batch} | counted
    assert not await shop.assembly.worker.run_once()
    assert sorted(shop.stocks().values()) == [0, 10, 10, 10, 10]
    assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


async def test_what_failed_can_be_tried_again(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    updates = [{"productId": one, "quantity": q} for one, q in zip(ids, (5, -11), strict=True)]
    batch = await submit(shop, updateStock={"updates": updates})
    await work_off(shop)
    await shop.update([(ids[1], 1)])

    retried = await shop.ask(RETRY, id=batch)
    await work_off(shop)

    expected = {"status": "PENDING", "totalItems": 1, "retryOf": batch}
    assert retried == {"id": retried["id"], "operationType": "UPDATE_STOCK"} | expected
    assert shop.stocks() == {ids[0]: 15, ids[1]: 0}
    assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))


async def test_what_cannot_be_done_with_a_batch_is_refused(shop: Shop) -> None:
    ids = await shop.put(10)
    ended = await discontinue(shop, *ids)
    await work_off(shop)
    waiting = await discontinue(shop, *ids)
    before = everything(shop)

    for query, batch, told in [
        (CANCEL, ended, "has ended: it is COMPLETED"),
        (CANCEL, UNKNOWN_ID, "There is no batch"),
        (CANCEL, "zz", "an id is 24 hexadecimal characters"),
        (RETRY, ended, "No item of the batch"),
        (RETRY, waiting, "is PENDING: what failed can be tried again once it has ended"),
        (RETRY, UNKNOWN_ID, "There is no batch"),
        (RETRY, "zz", "an id is 24 hexadecimal characters"),
        (PUBLISH, ended, "publishes nothing"),
        (PUBLISH, UNKNOWN_ID, "There is no batch"),
        (PUBLISH, "zz", "an id is 24 hexadecimal characters"),
    ]:
        answer = await shop.post_query(query, id=batch)
        assert code_of(answer) == "BAD_INPUT"
        assert told in answer["errors"][0]["message"]
    assert everything(shop) == before
