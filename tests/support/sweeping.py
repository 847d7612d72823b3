"""Expired products, and short words for what tests of the sweep do with them."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from bson import ObjectId

from server.jobs.expiry_sweep import ExpirySweep
from tests.support.shop import Shop

DUE = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
A_MILLISECOND = timedelta(milliseconds=1)
JUST_BEFORE = DUE - A_MILLISECOND
AN_HOUR = timedelta(hours=1)
A_DAY = 24 * 3600.0  # seconds
SLOW_MS = 500


def sweep_of(shop: Shop, *, interval_seconds: float = A_DAY) -> ExpirySweep:
    return ExpirySweep(shop.runner, clock=shop.clock, interval_seconds=interval_seconds)


async def put_expired(shop: Shop, count: int, *, rows: int = 0) -> list[str]:
    """So many products that expire at `DUE`, which is now, with so many rows each."""
    shop.clock.stand_at(DUE)
    ids = await shop.put(*[10] * count, expires_at=DUE)
    put_rows(shop, *ids * rows)
    return ids


def put_rows(shop: Shop, *product_ids: str) -> None:
    """A row that changed nothing for each mention of a product."""
    fixed = {"quantity": 0, "timestamp": DUE - AN_HOUR, "status": "applied", "newStock": 10}
    rows = [
        fixed | {"_id": ObjectId(), "productId": ObjectId(one), "reason": "adjustment"}
        for one in product_ids
    ]
    if rows:
        shop.stock_updates.insert_many(rows)


def documents(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, to see that nothing changed."""
    return {"products": list(shop.products.find().sort("_id")), "stockUpdates": shop.rows()}


def rows_of(shop: Shop, product_id: str) -> int:
    return len(shop.rows(productId=ObjectId(product_id)))


def put_off(shop: Shop, product_id: str) -> None:
    """Give it another hour, as somebody beside the sweep."""
    later = {"$set": {"expiresAt": DUE + AN_HOUR}}
    shop.products.update_one({"_id": ObjectId(product_id)}, later)


def before(shop: Shop, command: str, act: Callable[[], object], *, number: int = 1) -> None:
    """Call `act` just before the tested client sends its command of this name and number."""
    names = shop.commands.names
    earlier = names.count(command)

    def act_in_time(name: str) -> None:
        if name == command and names.count(command) == earlier + number:
            act()

    shop.commands.on_start = act_in_time


@dataclass(frozen=True)
class Left:
    """What there was after a commit: the products, and how many rows each of all had."""

    products: frozenset[str]
    rows: dict[str, int]


@contextmanager
def watched(shop: Shop) -> Iterator[list[Left]]:
    """What there is now, and after each commit of the tested client."""
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
    """How many products and how many rows went with each part that deleted something."""
    changes = [
        (len(a.products) - len(b.products), sum(a.rows.values()) - sum(b.rows.values()))
        for a, b in pairwise(left)
    ]
    return [change for change in changes if change != (0, 0)]


async def under_way(shop: Shop, command: str, *, number: int = 1) -> None:
    """Return when the tested client has sent so many commands of this name from now on."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    before(shop, command, lambda: loop.call_soon_threadsafe(begun.set), number=number)
    async with asyncio.timeout(10):
        await begun.wait()


async def until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not found():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.005)
