"""Kill the primary under load: the stock is conserved, and every answer is true."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from server.domain.outcome import Failed
from server.kinds.update_stock.rules import StockOutcome
from server.mongo.connection.driver import DriverName
from tests.support.processes.replica_set import three_members
from tests.support.shop import Shop, open_shop

pytestmark = [
    pytest.mark.usefixtures("garbage_collected"),
    # PyMongo's asyncio client leaves connection attempts to a dead member unclosed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CALLERS = 8
PRODUCTS = 40
BEFORE, AFTER = 15, 15  # batches of each caller that are answered before and after the blow


async def test_a_primary_killed_under_load_makes_no_answer_untrue(
    driver_name: DriverName, tmp_path: Path
) -> None:
    with three_members(tmp_path) as members:
        async with open_shop(members.uri, driver_name) as shop:
            await conserved_through(shop, members.kill_primary)


async def test_a_primary_that_steps_down_under_load_makes_no_answer_untrue(
    driver_name: DriverName, tmp_path: Path
) -> None:
    with three_members(tmp_path) as members:
        async with open_shop(members.uri, driver_name) as shop:
            await conserved_through(shop, members.step_down_primary)


async def conserved_through(shop: Shop, blow: Callable[[], None]) -> None:
    ids = await shop.put(*[1_000] * PRODUCTS)
    opening = shop.stocks()
    answered = asyncio.Semaphore(0)

    async def caller(number: int) -> dict[int, list[StockOutcome]]:
        """Send batches; each has a quantity of its own, by which its rows are known."""
        answers = {}
        for turn in range(BEFORE + AFTER):
            quantity = number * 1_000 + turn + 1
            named = [ids[(number + turn * place) % PRODUCTS] for place in range(1, 6)]
            answers[quantity] = await shop.update([(one, quantity) for one in named])
            answered.release()
        return answers

    async def striker() -> None:
        for _ in range(CALLERS * BEFORE):
            await answered.acquire()
        await asyncio.to_thread(blow)

    *answers, _ = await asyncio.gather(*map(caller, range(CALLERS)), striker())

    shop.assert_ledger_explains(opening)
    for quantity, outcomes in (pair for each in answers for pair in each.items()):
        applied = len(shop.rows(quantity=quantity, status="applied"))
        told = sum(not isinstance(outcome, Failed) for outcome in outcomes)
        unknown = sum(_is_unknown(outcome) for outcome in outcomes)
        assert told <= applied <= told + unknown
    assert sum(len(each) for each in answers) == CALLERS * (BEFORE + AFTER)


def _is_unknown(outcome: StockOutcome) -> bool:
    return isinstance(outcome, Failed) and not outcome.error.retryable
