"""Submit what `submitBatch` refuses at once: nothing is stored then."""

import pytest

from server.assembly import Sizes
from server.batches.stored.submissions import QueueLimits
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import work_off
from tests.support.batches.submitting import SUBMIT
from tests.support.shop import UNKNOWN_ID, Shop, open_shop
from tests.support.web.whole_answers import Json, code_of, everything

pytestmark = pytest.mark.either_driver

CUP: Json = {"name": "Cup", "price": 199, "stock": 3, "category": "tableware"}
IDS = [UNKNOWN_ID]
TWO = {"discontinueProducts": {"productIds": IDS}, "deleteProducts": {"deletes": []}}
REFUSED: dict[str, tuple[Json, str]] = {  # how the message begins
    "no items": ({"discontinueProducts": {"productIds": []}}, "productIds is empty"),
    "no updates": ({"updateStock": {"updates": []}}, "updates is empty"),
    "two operations": (TWO, "OneOf Input Object 'BatchOperationInput' must"),
    "no operation": ({}, "OneOf Input Object 'BatchOperationInput' must"),
    "null": ({"updateStock": None}, "Value for member field 'updateStock' must"),
    "no such operation": ({"burn": {}}, "Variable '$operation' has invalid value"),
    **{
        f"a price of {price}": (
            {"updatePrice": {"productIds": IDS, "newPrice": price}},
            "operation.updatePrice.newPrice",
        )
        for price in (-1, 1.5, 1e300, 2**31, 10**400)
    },
    **{
        f"chunks of {size}": (
            {"discontinueProducts": {"productIds": IDS, "batchSize": size}},
            f"operation.discontinueProducts.batchSize is {size}: it must be from 1 to 1000.",
        )
        for size in (0, -1, 1001)
    },
    **{
        f"expiry of {expiry}": (
            {"createProducts": {"products": [CUP], "expireIn": expiry}},
            f"operation.createProducts.expireIn {expiry}",
        )
        for expiry in (0, -1, 0.5)
    },
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_bad_submission_is_refused_at_once(shop: Shop, kind: str) -> None:
    operation, told = REFUSED[kind]
    before = everything(shop)

    answer = await shop.post_query(SUBMIT, operation=operation)

    assert code_of(answer) == "BAD_INPUT"
    assert [error["message"][: len(told)] for error in answer["errors"]] == [told]
    assert everything(shop) == before


async def test_more_than_a_hundred_thousand_items_are_too_many(shop: Shop) -> None:
    before = everything(shop)

    answer = await shop.post_query(
        SUBMIT, operation={"discontinueProducts": {"productIds": [UNKNOWN_ID] * 100_001}}
    )

    assert code_of(answer) == "BATCH_TOO_LARGE"
    assert everything(shop) == before


async def test_what_can_never_fit_into_the_queue_is_too_large(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_shop(mongod.uri, driver_name, sizes=Sizes(queue=QueueLimits(chunks=3))) as shop:
        before = everything(shop)

        answer = await shop.post_query(
            SUBMIT,
            operation={"discontinueProducts": {"productIds": [UNKNOWN_ID] * 4, "batchSize": 1}},
        )

        assert code_of(answer) == "BATCH_TOO_LARGE"
        assert everything(shop) == before


@pytest.mark.parametrize(("count", "waiting", "limit"), [(2, 2, 2), (40, 20, 45)])
async def test_what_does_not_fit_into_the_queue_is_refused_whole(
    mongod: EmbeddedMongod, driver_name: DriverName, count: int, waiting: int, limit: int
) -> None:
    """40 chunks are stored 16 at a time: some are there already when the limit is met."""
    sizes = Sizes(queue=QueueLimits(chunks=limit))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        ids = await shop.put(*[10] * count)
        fits = {"discontinueProducts": {"productIds": ids[:waiting], "batchSize": 1}}
        updates = [{"productId": one, "quantity": 1} for one in ids]
        await shop.ask(SUBMIT, operation=fits)
        before = everything(shop)

        answer = await shop.post_query(
            SUBMIT, operation={"updateStock": {"updates": updates, "batchSize": 1}}
        )

        assert code_of(answer) == "QUEUE_FULL"
        assert everything(shop) == before
        await work_off(shop)
        later = await shop.post_query(SUBMIT, operation=fits)
        assert "errors" not in later
