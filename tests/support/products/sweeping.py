"""Put expired products, sweep them, and look at what each part of a sweep deletes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from bson import ObjectId

from server.jobs.expiry_sweep import ExpirySweep
from tests.support.products.expiring import AN_HOUR, DUE
from tests.support.shop import Shop

A_DAY = 24 * 3600.0  # seconds
SLOW_MS = 500


def sweep_of(shop: Shop, *, interval_seconds: float = A_DAY) -> ExpirySweep:
    return ExpirySweep(shop.runner, clock=shop.clock, interval_seconds=interval_seconds)


async def put_expired(shop: Shop, count: int, *, rows: int = 0) -> list[str]:
    """Put `count` products that expire at `DUE`, which is now, with `rows` rows each."""
    shop.clock.stand_at(DUE)
    ids = await shop.put(*[10] * count, expires_at=DUE)
    put_rows(shop, *ids * rows)
    return ids


def put_rows(shop: Shop, *product_ids: str) -> None:
    """Put a row that changed nothing for each mention of a product."""
    fixed = {"quantity": 0, "timestamp": DUE - AN_HOUR, "status": "applied", "newStock": 10}
    rows = [
        fixed | {"_id": ObjectId(), "productId": ObjectId(one), "reason": "adjustment"}
        for one in product_ids
    ]
    if rows:
        shop.stock_updates.insert_many(rows)


def rows_of(shop: Shop, product_id: str) -> int:
    return len(shop.rows(productId=ObjectId(product_id)))


def put_off(shop: Shop, product_id: str) -> None:
    """Give the product another hour, as a writer beside the sweep would."""
    later = {"$set": {"expiresAt": DUE + AN_HOUR}}
    shop.products.update_one({"_id": ObjectId(product_id)}, later)


@dataclass(frozen=True)
class Left:
    """What a commit left: the products, and the number of rows of each."""

    products: frozenset[str]
    rows: dict[str, int]


@contextmanager
def watched(shop: Shop) -> Iterator[list[Left]]:
    """Note what there is now, and after each commit of the tested client."""
    left: list[Left] = []

    def look(name: str = "commitTransaction") -> None:
        if name == "commitTransaction":
            counted = shop.stock_updates.aggregate(
                [{"$group": {"_id": "$productId", "count": {"$sum": 1}}}]
            )
            rows = {str(one["_id"]): one["count"] for one in counted}
            left.append(Left(frozenset(shop.stocks()), rows))

    look()
    shop.commands.on_end = look
    yield left
    shop.commands.on_end = lambda _name: None


def sizes(left: Sequence[Left]) -> list[tuple[int, int]]:
    """Return how many products and rows each part deleted, for the parts that deleted any."""
    changes = [
        (len(a.products) - len(b.products), sum(a.rows.values()) - sum(b.rows.values()))
        for a, b in pairwise(left)
    ]
    return [change for change in changes if change != (0, 0)]
