"""Chunks of a batch that ends at its first failure: they overlap, and commit in input order."""

import asyncio
from typing import Any

import pytest

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.create_products.rules import Created
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop
from tests.support.slow_commits import slow_commits

OPTIONS: dict[str, Any] = {"continue_on_error": False, "batch_size": 2}
TAKEN = "a" * 24


def cups(count: int) -> list[dict[str, Any]]:
    return [{"name": f"Cup {number:02}"} for number in range(count)]


def names(shop: Shop) -> list[str]:
    return [product["name"] for product in shop.products.find().sort("name")]


async def test_chunks_write_while_the_one_before_them_commits(shop: Shop) -> None:
    commands = shop.commands
    inserts_at_the_end_of_each_commit: list[int] = []

    def notice(name: str) -> None:
        if name == "commitTransaction":
            inserts_at_the_end_of_each_commit.append(commands.names.count("insert"))

    commands.on_end = notice
    with slow_commits(shop):
        outcomes = await shop.create(*cups(8), **OPTIONS)

    assert inserts_at_the_end_of_each_commit == [4, 4, 4, 4]
    assert all(isinstance(outcome, Created) for outcome in outcomes)
    assert [outcome.index for outcome in outcomes] == list(range(8))
    assert names(shop) == [f"Cup {number:02}" for number in range(8)]


@pytest.mark.parametrize("failing", range(8))
async def test_nothing_after_the_first_failure_takes_effect(shop: Shop, failing: int) -> None:
    await shop.create({"own_id": TAKEN, "name": "Taken"})
    sent = cups(8)
    sent[failing]["own_id"] = TAKEN

    outcomes = await shop.create(*sent, **OPTIONS)

    errors = [outcome.error.code if isinstance(outcome, Failed) else None for outcome in outcomes]
    assert errors == (
        [None] * failing
        + [ItemErrorCode.DUPLICATE_KEY]
        + [ItemErrorCode.NOT_ATTEMPTED] * (7 - failing)
    )
    assert names(shop) == [f"Cup {number:02}" for number in range(failing)] + ["Taken"]


async def test_a_chunk_that_needs_a_product_of_the_one_before_sees_what_it_left(
    shop: Shop,
) -> None:
    (known,) = await shop.put(10)
    patches = [(known, {"name": f"Name {number}"}) for number in range(6)]

    outcomes = await shop.patch(*patches, **OPTIONS)

    assert not any(isinstance(outcome, Failed) for outcome in outcomes)
    assert names(shop) == ["Name 5"]
    assert shop.retries("conflict") == 0


async def test_a_conflict_in_an_earlier_chunk_holds_the_later_ones_back_and_loses_nothing(
    shop: Shop,
) -> None:
    with shop.failing(
        "insert", mode={"times": 1}, errorCode=112, errorLabels=["TransientTransactionError"]
    ):
        outcomes = await shop.create(*cups(8), **OPTIONS)

    assert all(isinstance(outcome, Created) for outcome in outcomes)
    assert names(shop) == [f"Cup {number:02}" for number in range(8)]


async def test_batches_of_two_servers_do_not_wait_for_each_others_later_chunks(
    shop: Shop, mongod: EmbeddedMongod
) -> None:
    """Each needs first what the other needs last."""
    ids = await shop.put(*[10] * 8)
    async with open_shop(mongod.uri, "pymongo", database=shop.database) as other:

        async def patch(server: Shop, order: list[str]) -> list[Any]:
            patches = ((one, {"price": 5}) for one in order)
            return [*await server.patch(*patches, continue_on_error=False, batch_size=2)]

        for _ in range(10):
            async with asyncio.timeout(10):
                answers = await asyncio.gather(patch(shop, ids), patch(other, ids[::-1]))

            assert not any(isinstance(outcome, Failed) for answer in answers for outcome in answer)


async def test_in_an_outage_the_first_chunk_fails_and_the_others_are_not_attempted(
    hasty: Shop,
) -> None:
    with hasty.failing("insert", mode="alwaysOn", closeConnection=True):
        outcomes = await hasty.create(*cups(8), **OPTIONS)

    codes = [outcome.error.code for outcome in outcomes if isinstance(outcome, Failed)]
    assert codes == [ItemErrorCode.UNAVAILABLE] * 2 + [ItemErrorCode.NOT_ATTEMPTED] * 6
    assert names(hasty) == []
    lines = hasty.metrics.exposition().decode().splitlines()
    for code, count in ((ItemErrorCode.UNAVAILABLE, 2), (ItemErrorCode.NOT_ATTEMPTED, 6)):
        labels = f'code="{code.value}",operation="batchCreateProducts"'
        assert f"stockbatch_items_total{{{labels}}} {count}.0" in lines


async def test_many_batches_that_commit_in_order_and_share_products_do_not_lock_each_other_up(
    shop: Shop,
) -> None:
    ids = await shop.put(*[10] * 16)

    async def patch(shift: int) -> list[Any]:
        order = ids[shift:] + ids[:shift]
        return [*await shop.patch(*((one, {"price": shift}) for one in order), **OPTIONS)]

    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(patch(shift) for shift in range(16)))

    assert [len(answer) for answer in answers] == [16] * 16
    assert not any(isinstance(outcome, Failed) for answer in answers for outcome in answer)
