"""Transactions that were given up are ended in the database, too: nobody waits for their locks."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience, patient
from server.mongo.transaction import Transaction
from tests.support.shop import Shop

PATIENCE_SECONDS = 0.5
_UPDATE = """
mutation ($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates) { success newStock error { code } }
}
"""


def open_transactions(shop: Shop) -> list[dict[str, Any]]:
    """Return the transactions in the shop's database that nothing works on."""
    idle = {"$currentOp": {"allUsers": True, "idleSessions": True}}
    begun = {"$match": {"type": "idleSession", "transaction": {"$exists": True}}}
    return list(shop.admin.admin.aggregate([idle, begun]))


async def until_none_is_open(shop: Shop) -> None:
    until = time.monotonic() + 10
    while open_transactions(shop):
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


async def test_a_lost_abort_is_made_good_when_the_database_answers(shop: Shop) -> None:
    (known,) = await shop.put(10)
    variables = {"updates": [{"productId": known, "quantity": 5}]}
    lost = ("insert", "abortTransaction")  # so that the stock is changed by then, and locked

    with shop.failing(*lost, mode="alwaysOn", closeConnection=True):
        with patient(Patience(PATIENCE_SECONDS, Outage())):
            refused = await shop.graphql(_UPDATE, variables)
        await shop.runner.settled()
    with patient(Patience(PATIENCE_SECONDS, Outage())):
        answer = await shop.graphql(_UPDATE, variables)

    assert refused["data"]["batchUpdateStock"][0]["error"]["code"] == "UNAVAILABLE"
    assert answer["data"]["batchUpdateStock"] == [{"success": True, "newStock": 15, "error": None}]


async def test_the_abort_of_somebody_who_was_cancelled_is_made_good(shop: Shop) -> None:
    (known,) = await shop.put(10)
    has_written = asyncio.Event()

    async def body(transaction: Transaction) -> None:
        await transaction.products.change_stock({known: 5}, datetime.now(UTC))
        has_written.set()
        await asyncio.Event().wait()

    with shop.failing("abortTransaction", mode="alwaysOn", closeConnection=True):
        running = asyncio.create_task(shop.runner.run(body))
        await has_written.wait()
        running.cancel()
        await asyncio.wait({running})
        assert open_transactions(shop)

    await until_none_is_open(shop)
