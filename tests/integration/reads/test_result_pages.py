"""Pages of results are the results of the whole batch, cut, and few commands read many of them."""

import asyncio
import random
from typing import Any

import pytest
from bson import ObjectId

from server.domain.lanes import MOST_LANES
from server.domain.listing import PageRequest
from server.domain.result_filter import ResultFilter
from server.mongo.batches import pause, result_pages
from tests.support.batches.batch_work import chunks, plus_one, results, submit, work_off
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

LIST = """
query ($first: Int, $success: Boolean) {
  batchOperations(first: 50) {
    edges { node { id results(first: $first, success: $success) {
      totalCount pageInfo { hasNextPage } edges { node { index success } }
    } } }
  }
}
"""


async def shown(shop: Shop, batch: str) -> list[Any]:
    """Return the results before the first chunk that is not done."""
    pending = chunks(shop).find({"batchId": ObjectId(batch), "status": "pending"})
    end = min((one["first"] for one in pending), default=1_000_000)
    return [one for one in await results(shop, batch) if one.index < end]


async def several_batches(shop: Shop) -> list[str]:
    """Work off batches of many lanes, in which some items fail, and leave one half done."""
    ids = await shop.put(*[1000] * 30)
    choice = random.Random(7)
    batches = []
    for size in (1, 2, 3, 7, 100):
        picked = [choice.choice([*ids, UNKNOWN_ID, "nonsense"]) for _ in range(60)]
        batches.append(await submit(shop, plus_one(picked), batch_size=size))
    await work_off(shop)
    batches.append(await submit(shop, plus_one(ids), batch_size=3))
    for _ in range(4):
        await shop.assembly.worker.run_once()
    return batches


@pytest.mark.parametrize("success", [None, True, False])
async def test_a_page_is_a_piece_of_the_whole(shop: Shop, success: bool | None) -> None:
    where = ResultFilter(success=success)
    for batch in await several_batches(shop):
        processed = [one for one in await results(shop, batch) if success in (None, one.success)]
        whole = [one for one in await shown(shop, batch) if success in (None, one.success)]
        for first in (1, 2, 5, 16, 1000):
            read: list[Any] = []
            after = None
            while True:
                request = PageRequest(first=first, after=after)
                page = await shop.services.results.page(batch, request, where)
                read += page.items
                assert page.has_next == (len(read) < len(whole))
                if not page.has_next:
                    break
                after = page.cursors[-1]
            assert read == whole
        assert await shop.services.results.count(batch, where) == len(processed)


async def test_outcomes_that_were_recorded_out_of_order_are_shown_in_order(shop: Shop) -> None:
    ids = await shop.put(*[10] * 5)
    batch = await submit(shop, plus_one(ids))
    await work_off(shop)
    (stored,) = chunks(shop).find({}, {"outcomes": 1})
    turned = {"$set": {"outcomes": stored["outcomes"][::-1]}}
    chunks(shop).update_one({"_id": stored["_id"]}, turned)

    page = await shop.services.results.page(batch, PageRequest(first=2))

    assert [one.index for one in page.items] == [0, 1]


@pytest.mark.parametrize("success", [None, False])
async def test_the_results_of_many_batches_are_read_with_few_commands(
    shop: Shop, success: bool | None
) -> None:
    batches = await several_batches(shop)
    where = ResultFilter(success=success)
    whole = {batch: await shown(shop, batch) for batch in batches}
    processed = {batch: await shop.services.results.count(batch, where) for batch in batches}
    shop.commands.names.clear()

    listed = await shop.ask(LIST, first=2, success=success)

    # the batches; the sums of those under way; their chunks; their results; their counts
    assert shop.commands.names == ["find", "aggregate", "aggregate", "find", "aggregate"]
    for edge in listed["edges"]:
        found = [
            {"index": one.index, "success": one.success}
            for one in whole[edge["node"]["id"]]
            if success in (None, one.success)
        ]
        page = edge["node"]["results"]
        assert [one["node"] for one in page["edges"]] == found[:2]
        assert page["totalCount"] == processed[edge["node"]["id"]]
        assert page["pageInfo"]["hasNextPage"] == (len(found) > 2)


async def test_a_page_of_one_result_does_not_read_a_chunk(shop: Shop) -> None:
    """What the database sends is what the page shows, and one more."""
    ids = await shop.put(*[10] * 100)
    batch = await submit(shop, plus_one(ids))
    await work_off(shop)
    received: list[Any] = []
    shop.commands.on_reply = received.append

    await shop.services.results.page(batch, PageRequest(first=1))

    (part,) = received[-1]["cursor"]["firstBatch"]
    assert [len(part[name]) for name in ("outcomes", "items")] == [2, 2]


async def test_pages_that_do_not_fit_into_one_reply_are_read_with_more_commands(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = await several_batches(shop)
    request = PageRequest(first=3)
    at_once = await shop.services.results.pages(batches, request)
    monkeypatch.setattr(result_pages, "_CHUNKS_IN_A_REPLY", 2 * (4 + MOST_LANES))
    shop.commands.names.clear()

    pages = await shop.services.results.pages(batches, request)

    assert shop.commands.names == ["aggregate", "find"] * 3
    assert pages == at_once
    wanted = [min(3, len(await shown(shop, batch))) for batch in batches]
    assert [len(page.items) for page in pages] == wanted


async def test_others_go_on_while_many_results_are_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pause, "_RESULTS", 1)
    paused: list[int] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds == 0:
            paused.append(1)
        await sleep(seconds)

    batches = await several_batches(shop)
    monkeypatch.setattr(pause.asyncio, "sleep", noted)

    await shop.services.results.pages(batches, PageRequest(first=3))

    assert len(paused) >= 2 * len(batches)  # for reading each of them, and for making its page
