"""Let random requests arrive at once: all is as if they had run alone, one after another."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from bson import ObjectId

from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.grouping import open_grouping_shop
from tests.support.models.product_ids import MAX
from tests.support.shop import UNKNOWN_ID, Shop

REQUESTS = 60
TIME = re.compile(r"datetime\.datetime\([^)]*\)")
Request = Callable[[Shop], Coroutine[Any, Any, Sequence[object]]]


def random_request(dice: random.Random, ids: Sequence[str]) -> Request:
    """Return a request with so few products that most depend on earlier requests."""
    named = dice.choices(
        [*ids, ids[0].upper(), UNKNOWN_ID, "nonsense"], k=dice.choice([0, 1, 3, 6])
    )
    name = dice.choice(["Cup", "Jug", ""])
    options: dict[str, Any] = dice.choice(
        [{}, {}, {}, {}, {"batch_size": 3}, {"atomic": True}, {"dry_run": True}]
    )
    updates = [
        (
            one,
            dice.choice([-7, -3, 0, 1, 5, 0.5, MAX]),
            dice.choice([None, None, dice.randrange(9)]),
        )
        for one in named
    ]
    match dice.choice(["update", "update", "update", "discontinue", "patch", "create", "delete"]):
        case "update":
            return lambda shop: shop.update(updates, **options)
        case "discontinue":
            return lambda shop: shop.discontinue(named[:1], **options)
        case "patch":
            return lambda shop: shop.patch(*((one, {"name": name}) for one in named), **options)
        case "create":
            return lambda shop: shop.create(*({"own_id": one} for one in named), **options)
        case _:
            cascades = dice.random() < 0.5
            return lambda shop: shop.delete(*named, cascade=cascades, **options)


@pytest.mark.parametrize("seed", range(12))
async def test_requests_that_arrive_at_once_are_answered_as_if_each_had_run_alone(
    shop: Shop, mongod: EmbeddedMongod, seed: int
) -> None:
    dice = random.Random(seed)
    ids = await shop.put(*[10] * 6)
    requests = [random_request(dice, [*ids, str(ObjectId())]) for _ in range(REQUESTS)]
    async with open_grouping_shop(mongod, "motor", items=0) as alone:
        alone.products.insert_many(list(shop.products.find()))

        answers = await arriving(shop, requests, dice)
        expected = [await request(alone) for request in requests]

        assert [worded(answer) for answer in answers] == [worded(answer) for answer in expected]
        assert products(shop) == products(alone)
        assert ledger(shop) == ledger(alone)
    commits = shop.commands.names.count("commitTransaction")
    assert commits < alone.commands.names.count("commitTransaction")


async def arriving(
    shop: Shop, requests: Sequence[Request], dice: random.Random
) -> list[Sequence[object]]:
    """Return the answers to requests that arrive in order, some of them in the same moment."""
    tasks = []
    for request in requests:
        tasks.append(asyncio.create_task(request(shop)))  # type: ignore[arg-type]
        for _ in range(dice.choice([0, 1, 1, 50])):
            await asyncio.sleep(0)
    return await asyncio.gather(*tasks)


def worded(answer: Sequence[object]) -> list[str]:
    """Return all that an answer says but its times."""
    return [TIME.sub("", repr(outcome)) for outcome in answer]


def products(shop: Shop) -> dict[ObjectId, tuple[object, ...]]:
    return {
        one["_id"]: (one["name"], one["price"], one["stock"], one["discontinued"])
        for one in shop.products.find()
    }


def ledger(shop: Shop) -> dict[ObjectId, list[tuple[object, ...]]]:
    """Return the rows of each product in order, without their times and ids."""
    rows: dict[ObjectId, list[tuple[object, ...]]] = {}
    for row in shop.rows():
        told = [row.get(field) for field in ("quantity", "status", "reason", "newStock", "error")]
        rows.setdefault(row["productId"], []).append(tuple(told))
    return rows
