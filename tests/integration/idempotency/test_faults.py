"""Fail the database during a keyed request: it is done once, and answered whole."""

from typing import Any

import pytest

from tests.support.batches.chunk_faults import LOST
from tests.support.batches.idempotent_calls import assert_done_once, told, update_stock
from tests.support.shop import Shop
from tests.support.web.whole_answers import data_of, is_replay

COMMIT_FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    "NoSuchTransaction": (1, {"errorCode": 251}),
    "WriteConflict": (1, {"errorCode": 112}),
    "connection closed": (1, {"closeConnection": True}),
    "connection closed thrice": (3, {"closeConnection": True}),
    "InterruptedAtShutdown": (1, {"errorCode": 11600}),
    "write concern timeout": (1, LOST),
}


@pytest.mark.parametrize("fault", COMMIT_FAULTS)
@pytest.mark.parametrize("count", [1, 3])
async def test_a_fault_while_the_batch_is_stored_is_survived(
    shop: Shop, fault: str, count: int
) -> None:
    ids = await shop.put(*[10] * count)
    times, data = COMMIT_FAULTS[fault]
    with shop.failing("commitTransaction", mode={"times": times}, **data):
        answer = await update_stock(shop, ids)

    assert (data_of(answer), is_replay(answer)) == (told(ids), False)
    assert_done_once(shop, ids)


@pytest.mark.parametrize("fault", COMMIT_FAULTS)
@pytest.mark.parametrize("count", [1, 3])
async def test_a_fault_while_a_chunk_commits_is_survived(
    shop: Shop, fault: str, count: int
) -> None:
    ids = await shop.put(*[10] * count)
    times, data = COMMIT_FAULTS[fault]

    def strike(command: str) -> None:
        if command == "commitTransaction" and shop.commands.names.count(command) == 1:
            shop.fail("commitTransaction", mode={"times": times}, **data)

    shop.commands.on_end = strike  # once the batch is stored
    answer = await update_stock(shop, ids)
    shop.fail(mode="off")
    again = await update_stock(shop, ids)

    assert (data_of(answer), is_replay(answer)) == (told(ids), False)
    assert (data_of(again), is_replay(again)) == (told(ids), True)
    assert_done_once(shop, ids)
