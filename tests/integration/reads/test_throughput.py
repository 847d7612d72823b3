"""The series of a batch over time, and the options it runs with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from server.domain.throughput import MOST_POINTS, Intervals
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from server.kinds.kind_option import read_settings
from server.kinds.registry import KINDS
from server.kinds.update_price.declaration import UPDATE_PRICE
from server.mongo.batches.throughput_reads import throughput_command
from tests.integration.reads.test_explain import plan
from tests.support.batches.batch_work import chunks, plus_one, submit, work_off
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
THROUGHPUT = """
query ($id: ID!) {
  batchOperation(id: $id) {
    throughput {
      intervalMs points { time processedItems failedItems } itemsPerSecond remainingMs
    }
  }
}
"""
OPTIONS = """
query ($id: ID!) {
  batchOperation(id: $id) {
    options {
      dryRun atomic continueOnError validateBeforeWrite batchSize newPrice expireIn cascadeDelete
    }
  }
}
"""
CANCEL = "mutation ($id: ID!) { cancelBatch(id: $id) { id } }"
USUAL = {
    "dryRun": False,
    "atomic": False,
    "continueOnError": True,
    "validateBeforeWrite": False,
    "batchSize": 500,
    "newPrice": None,
    "expireIn": None,
    "cascadeDelete": None,
}


async def throughput(shop: Shop, batch: str) -> Any:
    return (await shop.ask(THROUGHPUT, id=batch))["throughput"]


async def test_a_batch_that_waits_has_no_points(shop: Shop) -> None:
    batch = await submit(shop, plus_one([UNKNOWN_ID]))

    assert await throughput(shop, batch) == {
        "intervalMs": 0,
        "points": [],
        "itemsPerSecond": None,
        "remainingMs": None,
    }


async def test_the_points_hold_every_item_of_a_batch_that_has_ended(shop: Shop) -> None:
    ids = await shop.put(*[10] * 20)
    batch = await submit(shop, plus_one([*ids, UNKNOWN_ID, UNKNOWN_ID]), batch_size=3)
    await work_off(shop)

    series = await throughput(shop, batch)

    assert 1 <= len(series["points"]) <= MOST_POINTS
    assert sum(point["processedItems"] for point in series["points"]) == 22
    assert sum(point["failedItems"] for point in series["points"]) == 2
    assert (series["itemsPerSecond"], series["remainingMs"]) == (None, None)


async def test_a_point_has_the_chunks_that_were_done_in_its_interval(shop: Shop) -> None:
    ids = await shop.put(*[10] * 6)
    batch = await submit(shop, plus_one(ids), batch_size=1)
    await work_off(shop)
    times = {"startedAt": NOON, "completedAt": NOON + timedelta(minutes=1) - timedelta.resolution}
    of_batch = {"_id": ObjectId(batch)}
    shop.admin[shop.database]["batchOperations"].update_one(of_batch, {"$set": times})
    for first, second in enumerate((-5, 0.5, 30, 30.5, 59, 300)):
        done = {"doneAt": NOON + timedelta(seconds=second)}
        chunks(shop).update_one({"batchId": ObjectId(batch), "first": first}, {"$set": done})

    series = await throughput(shop, batch)

    assert series["intervalMs"] == 1000
    assert [point["processedItems"] for point in series["points"]] == (
        [2] + [0] * 29 + [2] + [0] * 28 + [2]
    )
    assert series["points"][-1]["time"] == "2026-01-31T12:01:00.000Z"


async def test_cancelled_items_count_when_their_chunks_are_closed(shop: Shop) -> None:
    ids = await shop.put(*[10] * 4)
    batch = await submit(shop, plus_one(ids), batch_size=1)
    await shop.assembly.worker.run_once()
    await shop.ask(CANCEL, id=batch)
    await shop.assembly.housekeeping.run_once()
    await work_off(shop)

    points = (await throughput(shop, batch))["points"]

    assert sum(point["processedItems"] for point in points) == 4
    assert sum(point["failedItems"] for point in points) == 3


async def test_the_series_is_read_from_an_index_alone(shop: Shop) -> None:
    ids = await shop.put(*[10] * 5)
    batch = await submit(shop, plus_one(ids), batch_size=1)
    await work_off(shop)
    intervals = Intervals(start=NOON, milliseconds=1000, count=60)
    command = throughput_command(batch, intervals)
    del command["readConcern"]  # an explained command has none

    stages, indexes = plan(shop, command)

    assert indexes == {"batchId_1_doneAt_1_successCount_1_failureCount_1"}
    assert "FETCH" not in stages
    shop.commands.names.clear()
    await throughput(shop, batch)
    assert shop.commands.names == ["find", "aggregate"]


async def test_a_batch_shows_the_options_that_it_runs_with(shop: Shop) -> None:
    (one,) = await shop.put(10)
    usual = await submit(shop, plus_one([one]))
    dry = await submit(shop, plus_one([one]), dry_run=True, batch_size=7)
    priced = await submit(shop, [{"productId": one}], UPDATE_PRICE.work({"newPrice": 99}))
    deleted = await submit(
        shop, [{"productId": one}], DELETE_PRODUCTS.work({"cascadeDelete": True})
    )

    shown = [(await shop.ask(OPTIONS, id=id_))["options"] for id_ in (usual, dry, priced, deleted)]

    assert shown == [
        USUAL,
        USUAL | {"dryRun": True, "batchSize": 7},
        USUAL | {"newPrice": 99},
        USUAL | {"cascadeDelete": True},
    ]


def test_every_option_of_every_kind_is_shown() -> None:
    assert {option.name for kind in KINDS.values() for option in kind.options} <= USUAL.keys()
    assert read_settings(DELETE_PRODUCTS.options, {}, []) == {"cascadeDelete": False}
