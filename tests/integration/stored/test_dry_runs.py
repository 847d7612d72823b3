"""Preview batches in the background: nothing of them is kept but their results."""

from typing import Any

import pytest
from bson import ObjectId

from server.domain.errors import BadInput, KeyReused
from server.domain.outcome import Failed
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.registry import KINDS
from server.kinds.update_price.declaration import UPDATE_PRICE
from tests.support.batches.batch_work import (
    batches,
    claimed,
    codes,
    lapse,
    leased,
    queue,
    results,
    submit,
    work_off,
)
from tests.support.batches.submitting import submit as submit_by_graphql
from tests.support.shop import Shop

PREVIEW = """
query ($id: ID!) {
  batchOperation(id: $id) {
    dryRun status successCount failureCount
    results { edges { node { index success oldStock newStock error { code } } } }
  }
}
"""


def carried(shop: Shop) -> Any:
    return shop.admin[shop.database]["carriedProducts"]


def updates(*sent: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"productId": product, "quantity": quantity} for product, quantity in sent]


def stocks_of(found: list[Any]) -> list[Any]:
    return ["failed" if isinstance(one.outcome, Failed) else one.outcome.new_stock for one in found]


async def test_a_preview_shows_the_old_and_the_new_stock_and_keeps_nothing(shop: Shop) -> None:
    cup, bowl = await shop.put(10, 3)
    sent = updates((cup, 5), (bowl, -9), (cup, -15), ("zz", 1), (cup, 0.5), (cup, 1))

    batch_id = await submit_by_graphql(
        shop, updateStock={"updates": sent, "batchSize": 1, "dryRun": True}
    )
    await work_off(shop)

    told = await shop.ask(PREVIEW, id=batch_id)
    nodes = [edge["node"] for edge in told.pop("results")["edges"]]
    assert told == {"dryRun": True, "status": "COMPLETED", "successCount": 3, "failureCount": 3}
    assert [
        (one["oldStock"], one["newStock"], one["error"] and one["error"]["code"]) for one in nodes
    ] == [
        (10, 15, None),
        (None, None, "INSUFFICIENT_STOCK"),
        (15, 0, None),
        (None, None, "INVALID_PRODUCT_ID"),
        (None, None, "INVALID_QUANTITY"),
        (0, 1, None),
    ]
    assert shop.stocks() == {cup: 10, bowl: 3}
    assert shop.rows() == []
    assert list(shop.marks.find()) == []


async def test_a_preview_that_waits_has_no_rows_in_the_ledger(shop: Shop) -> None:
    (cup,) = await shop.put(10)

    await submit(shop, updates((cup, 5)), dry_run=True)

    assert await shop.ledger() == []
    (outcome,) = await shop.delete(cup)  # waiting rows would keep the product
    assert not isinstance(outcome, Failed)


async def test_what_a_preview_carried_goes_when_it_has_ended(shop: Shop) -> None:
    cup, bowl = await shop.put(10, 10)
    await submit(
        shop, updates((cup, 1), (bowl, 1), (cup, 1), (bowl, 1)), batch_size=1, dry_run=True
    )

    assert await shop.assembly.worker.run_once()
    await shop.assembly.housekeeping.run_once()
    assert carried(shop).count_documents({}) == 1

    await work_off(shop)
    await shop.assembly.housekeeping.run_once()
    assert carried(shop).count_documents({}) == 0


async def test_what_a_removed_preview_carried_goes_with_it(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates((cup, 1), (cup, 1)), batch_size=1, dry_run=True)
    await shop.assembly.worker.run_once()
    other = await submit(shop, updates((cup, 1), (cup, 1)), batch_size=1, dry_run=True)
    await shop.assembly.worker.run_once()
    assert carried(shop).count_documents({}) == 2

    await shop.services.control.submissions.removal.remove(batch_id)

    assert [one["_id"]["batch"] for one in carried(shop).find()] == [ObjectId(other)]


async def test_the_preview_of_a_paused_worker_goes_on_elsewhere(shop: Shop, other: Shop) -> None:
    """A claims a chunk and is paused; B runs the chunk; then A would commit too late."""
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates((cup, 1), (cup, 2), (cup, 3)), batch_size=1, dry_run=True)
    await shop.assembly.worker.run_once()

    async with claimed(shop) as (held, session):
        lapse(shop)
        assert await other.assembly.worker.run_once()
        late = await leased(shop).run(held, session)
    await work_off(other)

    assert type(late).__name__ == "Lost"
    assert stocks_of(await results(shop, batch_id)) == [11, 13, 16]
    assert shop.stocks() == {cup: 10}


async def test_a_commit_in_doubt_does_not_carry_twice(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates(*[(cup, 1)] * 4), batch_size=1, dry_run=True)

    with shop.failing("commitTransaction", mode={"times": 2}, closeConnection=True):
        await work_off(shop)

    assert stocks_of(await results(shop, batch_id)) == [11, 12, 13, 14]


async def test_the_worker_of_an_earlier_version_leaves_previews_alone(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates((cup, 5)), dry_run=True)
    earlier = queue(shop)
    earlier._kinds = list(KINDS)  # all that it looks for

    async with shop.runner.session() as session:
        assert await earlier.claim("earlier", session) is None

    stored = batches(shop).find_one({"_id": ObjectId(batch_id)})
    assert not stored["wasSubmitted"]  # so it refuses to retry the batch


async def test_a_retry_of_a_preview_is_refused(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates((cup, -50)), dry_run=True)
    await work_off(shop)

    with pytest.raises(BadInput, match="was a dry run, which applied nothing"):
        await shop.services.control.retry(batch_id, None)

    assert batches(shop).count_documents({}) == 1


async def test_a_key_stands_for_the_preview_and_not_for_its_application(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates((cup, 5)), key="k", dry_run=True)
    await work_off(shop)

    assert await submit(shop, updates((cup, 5)), key="k", dry_run=True) == batch_id
    with pytest.raises(KeyReused):
        await submit(shop, updates((cup, 5)), key="k")

    assert shop.stocks() == {cup: 10}


async def test_a_cancelled_preview_ends_and_keeps_nothing(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(shop, updates(*[(cup, 1)] * 3), batch_size=1, dry_run=True)
    await shop.assembly.worker.run_once()

    await shop.services.control.cancel(batch_id)
    await shop.assembly.housekeeping.run_once()

    assert await codes(shop, batch_id) == ["OK", "CANCELLED", "CANCELLED"]
    assert carried(shop).count_documents({}) == 0
    assert shop.rows() == []


async def test_a_preview_of_prices_publishes_nothing(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    batch_id = await submit(
        shop, [{"productId": cup}], UPDATE_PRICE.work({"newPrice": 5}), dry_run=True
    )
    await work_off(shop)

    assert not batches(shop).find_one({})["publishes"]
    assert await codes(shop, batch_id) == ["OK"]
    assert shop.products.find_one()["price"] == 100


async def test_an_item_that_the_database_refuses_fails_alone_in_a_preview(shop: Shop) -> None:
    bad, good = await shop.put(10, 10)
    shop.spoil(bad)
    batch_id = await submit(
        shop,
        updates((good, 1), (bad, 1), (good, 2), (bad, 1), (good, 3)),
        batch_size=2,
        dry_run=True,
    )

    await work_off(shop)

    assert await codes(shop, batch_id) == ["OK", "INTERNAL", "OK", "INTERNAL", "OK"]
    assert [one for one in stocks_of(await results(shop, batch_id)) if one != "failed"] == [
        11,
        13,
        16,
    ]


async def test_two_ids_of_one_name_meet_an_index_of_the_user_in_a_preview(shop: Shop) -> None:
    """What is written in a chunk is written for a while, and meets what the database demands."""
    shop.products.create_index("name", unique=True)
    await shop.put(1, name="Cup")
    item = {"price": 1, "stock": 1, "category": "new"}
    sent = [{"name": "Bowl", **item}, {"name": "Cup", **item}]

    batch_id = await submit(shop, sent, CREATE_PRODUCTS.work(), dry_run=True)
    await work_off(shop)

    assert await codes(shop, batch_id) == ["OK", "DUPLICATE_KEY"]
    assert shop.products.count_documents({}) == 1


async def test_a_real_change_beside_a_preview_goes_through(shop: Shop) -> None:
    cup, bowl = await shop.put(10, 10)
    batch_id = await submit(shop, updates((cup, 1), (cup, 1)), batch_size=1, dry_run=True)
    await shop.assembly.worker.run_once()

    await shop.update([(cup, 100), (bowl, 1)])
    await work_off(shop)

    assert stocks_of(await results(shop, batch_id)) == [11, 12]  # the moment of its first chunk
    assert shop.stocks() == {cup: 110, bowl: 11}
