"""Answer a request whose database does not: nothing is lost, half done or guessed."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience, patient
from tests.support.shop import Shop

PATIENCE_SECONDS = 0.5
BLOCK_MS = 2_000
_UPDATE = """
mutation ($updates: [StockUpdateInput!]!, $key: String) {
  batchUpdateStock(updates: $updates, idempotencyKey: $key) {
    success newStock error { code retryable message }
  }
}
"""
_TWICE = """
mutation ($u: [StockUpdateInput!]!) {
  a: batchUpdateStock(updates: $u) { error { code } }
  b: batchUpdateStock(updates: $u) { error { code } }
}
"""


@contextmanager
def hanging(shop: Shop, *commands: str) -> Iterator[None]:
    """Let commands take longer than a caller waits."""
    with shop.failing(*commands, mode="alwaysOn", blockConnection=True, blockTimeMS=BLOCK_MS):
        yield


async def ask(shop: Shop, query: str, **variables: Any) -> dict[str, Any]:
    """Return the answer to a request with little patience, which it does not exceed."""
    began = time.monotonic()
    with patient(Patience(PATIENCE_SECONDS, Outage())):
        answer = await shop.graphql(query, variables)
    assert time.monotonic() - began < BLOCK_MS / 1000
    return answer


async def test_a_commit_in_doubt_is_told_so_and_settled_behind(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (known,) = await shop.put(10)
    with hanging(shop, "commitTransaction"):
        answer = await ask(shop, _UPDATE, updates=[{"productId": known, "quantity": 5}])

    (result,) = answer["data"]["batchUpdateStock"]
    assert (result["error"]["code"], result["error"]["retryable"]) == ("UNAVAILABLE", False)
    assert "not known" in result["error"]["message"]
    await shop.engine.drain()
    assert shop.stocks() == {known: 15}
    assert len(shop.rows(status="applied")) == 1
    assert "A commit in doubt took effect" in caplog.messages


@pytest.mark.parametrize("command", ["find", "update", "insert"])
async def test_what_was_not_sent_to_be_committed_never_is(shop: Shop, command: str) -> None:
    (known,) = await shop.put(10)
    with hanging(shop, command):
        answer = await ask(shop, _UPDATE, updates=[{"productId": known, "quantity": 5}])

    (result,) = answer["data"]["batchUpdateStock"]
    assert (result["error"]["code"], result["error"]["retryable"]) == ("UNAVAILABLE", True)
    await shop.engine.drain()
    assert "commitTransaction" not in shop.commands.names
    assert (shop.stocks(), shop.rows()) == ({known: 10}, [])


async def test_the_key_of_a_commit_in_doubt_tells_the_truth_later(shop: Shop) -> None:
    (known,) = await shop.put(10)
    request = {"updates": [{"productId": known, "quantity": 5}], "key": "one"}
    with hanging(shop, "commitTransaction"):
        first = await ask(shop, _UPDATE, **request)
    await shop.engine.drain()

    again = await ask(shop, _UPDATE, **request)

    assert first["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert again["data"]["batchUpdateStock"] == [{"success": True, "newStock": 15, "error": None}]
    assert shop.stocks() == {known: 15}
    assert len(shop.rows(status="applied")) == 1


async def test_the_chunks_of_a_keyed_batch_that_hang_are_done_once_in_the_end(shop: Shop) -> None:
    ids = await shop.put(*[10] * 4)
    query = _UPDATE.replace("updates: $updates,", "updates: $updates, options: {batchSize: 1},")
    request = {"updates": [{"productId": one, "quantity": 5} for one in ids], "key": "many"}
    with hanging(shop, "commitTransaction"):
        first = await ask(shop, query, **request)
    await shop.engine.drain()
    shop.admin[shop.database]["batchChunks"].update_many({}, {"$unset": {"lease": 1}})

    again = await shop.graphql(query, request)

    assert first["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert [one["newStock"] for one in again["data"]["batchUpdateStock"]] == [15] * 4
    assert shop.stocks() == dict.fromkeys(ids, 15)
    assert len(shop.rows(status="applied")) == 4


async def test_a_keyed_batch_of_many_chunks_is_answered_within_its_patience(shop: Shop) -> None:
    ids = await shop.put(*[10] * 4)
    query = _UPDATE.replace("updates: $updates,", "updates: $updates, options: {batchSize: 1},")

    updates = [{"productId": one, "quantity": 5} for one in ids]

    with patient(Patience(60, Outage())):
        answer = await shop.graphql(query, {"updates": updates, "key": "well"})

    assert [one["newStock"] for one in answer["data"]["batchUpdateStock"]] == [15] * 4
    assert await shop.open_transactions() == 0


async def test_two_mutations_of_one_request_wait_no_longer_than_one(shop: Shop) -> None:
    (known,) = await shop.put(10)
    with hanging(shop, "find"):
        answer = await ask(shop, _TWICE, u=[{"productId": known, "quantity": 5}])

    await shop.engine.drain()
    codes = [answer["data"][name][0]["error"]["code"] for name in "ab"]
    assert codes == ["UNAVAILABLE", "UNAVAILABLE"]


async def test_a_query_that_is_not_answered_is_told_so(shop: Shop) -> None:
    with hanging(shop, "find"):
        answer = await ask(shop, "{ products(first: 1) { edges { node { id } } } }")

    extensions = answer["errors"][0]["extensions"]
    assert extensions == {"code": "UNAVAILABLE", "retryAfterSeconds": 1}


async def test_a_chunk_that_waits_for_others_loses_no_patience(shop: Shop) -> None:
    """The third chunk waits for two commits, longer than anybody waits for the database."""
    ids = await shop.put(10, 10, 10)
    options = {"batch_size": 1, "continue_on_error": False, "atomic": False}
    slow = {"blockConnection": True, "blockTimeMS": 900}
    with (
        shop.failing("commitTransaction", mode="alwaysOn", **slow),
        patient(Patience(1.5, Outage())),
    ):
        outcomes = await shop.patch(*((one, {"price": 7}) for one in ids), **options)

    assert [type(one).__name__ for one in outcomes] == ["Updated"] * 3


async def test_a_caller_who_hangs_up_during_a_commit_does_not_end_it(shop: Shop) -> None:
    (known,) = await shop.put(10)
    loop, sent = asyncio.get_running_loop(), asyncio.Event()
    shop.commands.on_start = lambda name: (
        loop.call_soon_threadsafe(sent.set) if name == "commitTransaction" else None
    )

    async def body(transaction: Any) -> None:
        await transaction.products.condemn([known])

    with hanging(shop, "commitTransaction"), patient(Patience(60, Outage())):
        caller = asyncio.create_task(shop.runner.run(body))
        await asyncio.wait_for(sent.wait(), 10)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    await shop.runner.settled()

    assert shop.products.find_one()["expiresAt"] is not None
