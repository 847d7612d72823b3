"""Query `batchOperation` and `batchOperations`: their pages, metrics and alerts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.batches.batch_work import work_off
from tests.support.batches.idempotent_calls import update_stock
from tests.support.batches.submitting import discontinue, submit
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.whole_answers import Json, code_of

pytestmark = pytest.mark.either_driver

RESULTS = """
query ($id: ID!, $first: Int, $after: String, $success: Boolean) {
  batchOperation(id: $id) {
    results(first: $first, after: $after, success: $success) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { index productId success } }
    }
  }
}
"""
BATCHES = """
query ($filter: BatchOperationFilter, $first: Int, $after: String) {
  batchOperations(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id } }
  }
}
"""
METRICS = """
query ($id: ID!) {
  batchOperation(id: $id) {
    createdAt startedAt completedAt
    metrics { durationMs avgTimePerItemMs successRate failureRate itemsPerSecond }
    alerts { kind message }
  }
}
"""
CANCEL = "mutation ($id: ID!) { cancelBatch(id: $id) { id } }"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def all_pages(shop: Shop, query: str, first: int, **variables: Any) -> list[Json]:
    """Return the nodes of all pages; check that the pages agree on each other."""
    nodes: list[Json] = []
    after = None
    while True:
        value = await shop.ask(query, first=first, after=after, **variables)
        page = value.get("results", value)
        info, cursors = page["pageInfo"], [edge["cursor"] for edge in page["edges"]]
        nodes += [edge["node"] for edge in page["edges"]]
        assert info["hasPreviousPage"] == (after is not None)
        assert (info["startCursor"], info["endCursor"]) == (
            (cursors[0], cursors[-1]) if cursors else (None, None)
        )
        if not info["hasNextPage"]:
            assert len(nodes) == page["totalCount"]
            return nodes
        assert len(cursors) == first
        after = info["endCursor"]


@pytest.mark.parametrize("first", [1, 7, 1000])
async def test_results_are_paged_in_input_order_over_all_lanes(shop: Shop, first: int) -> None:
    ids = await shop.put(*[10] * 20)
    sent = [ids[i * 7 % 20] if i % 3 else UNKNOWN_ID for i in range(40)]
    batch = await discontinue(shop, *sent, size=2)
    await work_off(shop)

    found = await all_pages(shop, RESULTS, first, id=batch)

    assert found == [
        {"index": i, "productId": one, "success": one != UNKNOWN_ID} for i, one in enumerate(sent)
    ]
    for success in (True, False):
        some = await all_pages(shop, RESULTS, first, id=batch, success=success)
        assert some == [one for one in found if one["success"] is success]
    assert await all_pages(shop, RESULTS, first, id=batch, success=None) == found


async def test_only_what_has_been_processed_has_a_result(shop: Shop) -> None:
    ids = await shop.put(*[10] * 6)
    batch = await discontinue(shop, *ids, size=1)
    assert await all_pages(shop, RESULTS, 2, id=batch) == []

    await shop.assembly.worker.run_once()
    await shop.assembly.worker.run_once()

    results = (await shop.ask(RESULTS, first=1000, id=batch))["results"]
    pending = shop.admin[shop.database]["batchChunks"].find({"status": "pending"})
    first = min(chunk["first"] for chunk in pending)
    assert results["totalCount"] == 2
    assert [edge["node"]["index"] for edge in results["edges"]] == list(range(first))


async def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    batches = [await discontinue(shop, UNKNOWN_ID, "zz") for _ in range(2)]
    await work_off(shop)
    results = await shop.ask(RESULTS, id=batches[0], first=1)
    listed = await shop.ask(BATCHES, first=1)

    for query, after in [
        (RESULTS, listed["pageInfo"]["endCursor"]),
        (RESULTS, results["results"]["pageInfo"]["endCursor"]),
        (RESULTS, "nonsense"),
        (BATCHES, results["results"]["pageInfo"]["endCursor"]),
        (BATCHES, "nonsense"),
    ]:
        answer = await shop.post_query(query, id=batches[1], after=after)
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "BAD_INPUT"}


@pytest.mark.parametrize("first", [0, -1, 1001])
@pytest.mark.parametrize("query", [RESULTS, BATCHES])
async def test_a_page_has_1_to_1000_entries(shop: Shop, query: str, first: int) -> None:
    batch = await discontinue(shop, UNKNOWN_ID)

    answer = await shop.post_query(query, id=batch, first=first)

    (error,) = answer["errors"]
    assert error["message"] == f"first is {first}: it must be from 1 to 1000."


async def test_an_unknown_batch_is_null_and_a_malformed_id_is_refused(shop: Shop) -> None:
    query = "query ($id: ID!) { batchOperation(id: $id) { id } }"
    batch = await discontinue(shop, UNKNOWN_ID)

    assert await shop.ask(query, id=UNKNOWN_ID) is None
    assert await shop.ask(query, id=batch.upper()) == {"id": batch}
    assert code_of(await shop.post_query(query, id="zz")) == "BAD_INPUT"


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_batches_are_listed_newest_first_and_filtered(shop: Shop, first: int) -> None:
    (one,) = await shop.put(10)
    ended, kinds = [], []
    for number in range(3):
        shop.clock.stand_at(NOON + timedelta(seconds=number))
        ended.append(await discontinue(shop, UNKNOWN_ID))
        kinds.append(await submit(shop, updatePrice={"productIds": [one], "newPrice": number}))
    await work_off(shop)
    shop.clock.stand_at(NOON + timedelta(minutes=1))
    waiting = await discontinue(shop, UNKNOWN_ID)
    cancelled = await discontinue(shop, UNKNOWN_ID)
    await shop.ask(CANCEL, id=cancelled)

    async def listed(**where: str) -> list[str]:
        return [node["id"] for node in await all_pages(shop, BATCHES, first, filter=where)]

    everyone = await listed()
    assert set(everyone) == {*ended, *kinds, waiting, cancelled}
    assert set(everyone[:2]) == {waiting, cancelled}
    assert await listed(status="PENDING") == [waiting]
    assert await listed(status="CANCELLED") == [cancelled]
    assert await listed(status="PROCESSING") == await listed(status="FAILED") == []
    assert await listed(operationType="UPDATE_PRICE") == kinds[::-1]
    assert await listed(status="COMPLETED", operationType="DISCONTINUE_PRODUCTS") == ended[::-1]
    assert await listed(operationType="CREATE_PRODUCTS") == []


async def test_a_keyed_call_is_listed_too(shop: Shop) -> None:
    ids = await shop.put(10)
    await update_stock(shop, ids)

    (batch,) = await all_pages(shop, BATCHES, 10)
    results = await all_pages(shop, RESULTS, 10, id=batch["id"])

    assert results == [{"index": 0, "productId": ids[0], "success": True}]


async def test_metrics_are_of_what_has_been_processed(shop: Shop) -> None:
    shop.clock.stand_at(NOON)
    ids = await shop.put(10)
    batch = await discontinue(shop, *ids, *[UNKNOWN_ID] * 3, size=4)
    before = await shop.ask(METRICS, id=batch)
    shop.clock.stand_at(NOON + timedelta(seconds=2))
    await work_off(shop)
    shop.clock.stand_at(NOON + timedelta(hours=1))

    after = await shop.ask(METRICS, id=batch)

    nothing = dict.fromkeys(("avgTimePerItemMs", "successRate", "failureRate", "itemsPerSecond"))
    assert before["metrics"] == nothing | {"durationMs": 0}
    assert before["alerts"] == []
    assert after == {
        "createdAt": "2026-01-31T12:00:00.000Z",
        "startedAt": "2026-01-31T12:00:02.000Z",
        "completedAt": "2026-01-31T12:00:02.000Z",
        "metrics": {
            "durationMs": 2000,
            "avgTimePerItemMs": 500,
            "successRate": 0.25,
            "failureRate": 0.75,
            "itemsPerSecond": 2,
        },
        "alerts": [
            {
                "kind": "HIGH_FAILURE_RATE",
                "message": "75% of the items failed: 3 of 4.",
            }
        ],
    }


async def test_a_batch_that_takes_two_minutes_is_slow(shop: Shop) -> None:
    shop.clock.stand_at(NOON)
    batch = await discontinue(shop, *await shop.put(10))
    shop.clock.stand_at(NOON + timedelta(seconds=120))
    assert (await shop.ask(METRICS, id=batch))["alerts"] == []

    shop.clock.stand_at(NOON + timedelta(seconds=121))

    (alert,) = (await shop.ask(METRICS, id=batch))["alerts"]
    assert alert == {"kind": "SLOW", "message": "Over 120 s: 121 s for 1 items."}
