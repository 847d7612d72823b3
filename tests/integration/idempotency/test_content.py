"""Reuse a key: it stands for the same items, options and mutation."""

from typing import Any

import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.whole_answers import (
    MUTATIONS,
    Json,
    code_of,
    data_of,
    everything,
    is_replay,
    post,
    send,
)

pytestmark = pytest.mark.either_driver

SUBMIT = """
mutation ($operation: BatchOperationInput!) {
  submitBatch(operation: $operation) { id status totalItems }
}
"""
CUP: Json = {"name": "Cup", "price": 1, "stock": 1, "category": "tableware"}
FIRST, SECOND = "a" * 24, "b" * 24
STOCK_ITEMS = [{"productId": FIRST, "quantity": 1}, {"productId": SECOND, "quantity": 1}]
PATCHES = [{"productId": FIRST, "data": {"name": "x"}}, {"productId": SECOND, "data": {"price": 2}}]
DELETES = [{"productId": FIRST}, {"productId": SECOND}]
REQUESTS: dict[str, tuple[list[Any], Json]] = {
    "stock": (STOCK_ITEMS, {"atomic": False, "batchSize": 2, "dryRun": False}),
    "discontinue": ([FIRST, SECOND], {"atomic": False, "batchSize": 2, "dryRun": False}),
    "create": ([CUP, CUP | {"name": "Mug"}], {"expireIn": 10_000_000, "batchSize": 2}),
    "update": (PATCHES, {"expireIn": 10_000_000, "validateBeforeWrite": True}),
    "delete": (DELETES, {"cascadeDelete": True, "returnDeletedItems": True}),
}
OTHER_OPTIONS: dict[str, list[Json]] = {
    "stock": [{"atomic": True}, {"batchSize": 3}, {"dryRun": True}],
    "discontinue": [{"atomic": True}, {"batchSize": 3}, {"dryRun": True}],
    "create": [{"expireIn": 10_000_001}, {"continueOnError": True}, {"validateBeforeWrite": False}],
    "update": [{"expireIn": None}, {"atomic": False}, {"continueOnError": True}],
    "delete": [{"cascadeDelete": False}, {"atomic": False}, {"continueOnError": True}],
}
OTHER_ANSWERS: dict[str, list[Json]] = {
    "create": [{"returnPartialResults": True}],
    "update": [{"returnPartialResults": True}],
    "delete": [{"returnPartialResults": True}, {"returnDeletedItems": False}],
}


async def first_use(shop: Shop, operation: str) -> Json:
    """Use the key for the request of this operation in `REQUESTS`, on products that exist."""
    for one in (FIRST, SECOND):
        await shop.put(10, id=one)
    items, options = REQUESTS[operation]
    async with shop.http() as client:
        answer = await send(client, operation, items, options, "key")
    data_of(answer)
    return answer


async def is_refused(shop: Shop, operation: str, items: Any, options: Json) -> None:
    before = everything(shop)

    async with shop.http() as client:
        answer = await send(client, operation, items, options, "key")

    assert (code_of(answer), options) == ("IDEMPOTENCY_KEY_REUSED", options)
    assert everything(shop) == before


@pytest.mark.parametrize("operation", MUTATIONS)
async def test_a_key_with_other_items_is_refused(shop: Shop, operation: str) -> None:
    await first_use(shop, operation)
    items, options = REQUESTS[operation]
    changed: dict[str, Any] = {
        "stock": items[0] | {"quantity": 2} if operation == "stock" else None,
        "discontinue": UNKNOWN_ID,
        "create": CUP | {"price": 2},
        "update": {"productId": FIRST, "data": {"name": "y"}},
        "delete": {"productId": FIRST, "cascadeDelete": False},
    }

    for other in ([], items[:1], items[::-1], [*items, items[0]], [changed[operation], items[1]]):
        await is_refused(shop, operation, other, options)


@pytest.mark.parametrize("operation", MUTATIONS)
async def test_a_key_with_another_option_is_refused(shop: Shop, operation: str) -> None:
    await first_use(shop, operation)
    items, options = REQUESTS[operation]

    for other in OTHER_OPTIONS[operation]:
        await is_refused(shop, operation, items, options | other)


@pytest.mark.parametrize("operation", OTHER_ANSWERS)
async def test_a_key_with_an_option_that_changes_the_answer_alone_is_refused(
    shop: Shop, operation: str
) -> None:
    await first_use(shop, operation)
    items, options = REQUESTS[operation]

    for other in OTHER_ANSWERS[operation]:
        await is_refused(shop, operation, items, options | other)


@pytest.mark.parametrize("operation", MUTATIONS)
async def test_a_key_of_another_mutation_is_refused(shop: Shop, operation: str) -> None:
    await first_use(shop, operation)

    for other in MUTATIONS:
        if other != operation:
            items, options = REQUESTS[other]
            await is_refused(shop, other, items, options)


async def test_a_key_of_a_request_that_was_waited_for_is_refused_in_the_background(
    shop: Shop,
) -> None:
    await first_use(shop, "discontinue")
    before = everything(shop)

    async with shop.http() as client:
        answer = await post(client, SUBMIT, {"operation": discontinuation(FIRST, SECOND)}, "key")

    assert code_of(answer) == "IDEMPOTENCY_KEY_REUSED"
    assert everything(shop) == before


@pytest.mark.parametrize("operation", MUTATIONS)
async def test_options_that_say_what_holds_anyway_are_the_same_request(
    shop: Shop, operation: str
) -> None:
    for one in (FIRST, SECOND):
        await shop.put(10, id=one)
    items, _ = REQUESTS[operation]
    async with shop.http() as client:
        first = await send(client, operation, items, None, "key")
        again = await send(client, operation, items, {"batchSize": 500, "dryRun": False}, "key")

    assert data_of(again) == data_of(first)
    assert is_replay(again)


def discontinuation(*ids: str) -> Json:
    return {"discontinueProducts": {"productIds": list(ids)}}
