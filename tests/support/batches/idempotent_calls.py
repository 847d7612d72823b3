"""Send requests with an idempotency key, hold them up, and look at what they store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from tests.support.batches.batch_invariants import assert_batches_are_exact
from tests.support.shop import Shop
from tests.support.web.whole_answers import Json, send

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def updates(ids: Sequence[str], quantity: int = 5) -> list[Json]:
    return [{"productId": one, "quantity": quantity} for one in ids]


async def update_stock(
    shop: Shop, ids: Sequence[str], key: str | None = "key", **options: Any
) -> Json:
    """Return the answer to +5 for each of the products, with one product in each chunk."""
    async with shop.http() as client:
        return await send(client, "stock", updates(ids), {"batchSize": 1} | options, key)


def told(ids: Sequence[str], new_stock: int = 15) -> list[Json]:
    """Return the answer to updates that all succeed."""
    return [
        {
            "__typename": "StockUpdateApplied",
            "index": index,
            "productId": one,
            "success": True,
            "newStock": new_stock,
            "error": None,
        }
        for index, one in enumerate(ids)
    ]


@contextmanager
def held(shop: Shop, *ids: str) -> Iterator[None]:
    """Hold these products in an open transaction: other writers conflict with it."""
    with shop.admin.start_session() as session, session.start_transaction():
        where = {"_id": {"$in": [ObjectId(one) for one in ids]}}
        shop.products.update_many(where, {"$set": {"held": True}}, session=session)
        yield
        session.abort_transaction()


def chunks(shop: Shop, **query: Any) -> list[Json]:
    return list(shop.admin[shop.database]["batchChunks"].find(query).sort("index"))


def batches(shop: Shop, **query: Any) -> list[Json]:
    return list(shop.admin[shop.database]["batchOperations"].find(query).sort("createdAt"))


def are_under_way(shop: Shop, count: int) -> bool:
    """Return whether exactly `count` chunks are claimed and not done."""
    query = {"status": "pending", "lease": {"$exists": True}, "lease.reservedBy": None}
    return len(chunks(shop, **query)) == count


def end_leases(shop: Shop) -> None:
    """End all leases, as if nothing had been heard of their holders for long."""
    shop.admin[shop.database]["batchChunks"].update_many(
        {"lease": {"$exists": True}}, {"$set": {"lease.expiresAt": LONG_AGO}}
    )
    shop.admin[shop.database]["batchChunks"].update_many({}, {"$set": {"readyAt": LONG_AGO}})


def assert_done_once(shop: Shop, ids: list[str]) -> None:
    """Check that +5 was applied once to each product, by one batch that has ended."""
    (batch,) = batches(shop)
    assert (batch["status"], batch["successCount"]) == ("completed", len(ids))
    assert shop.stocks() == dict.fromkeys(ids, 15)
    assert_batches_are_exact(shop.admin[shop.database], dict.fromkeys(ids, 10))
