"""Wait for the request that has the same key in this process."""

import asyncio

import pytest

from server.batches.idempotency.under_way import KeysUnderWay
from server.domain.errors import KeyInUse

ANNA, OTHER = ("anna", "key"), ("bert", "key")
LONG = 60.0


async def test_nobody_waits_for_a_key_that_is_not_under_way() -> None:
    keys = KeysUnderWay()
    with keys.noted(OTHER):
        assert not await keys.wait(ANNA, LONG)


async def test_a_request_waits_until_the_earlier_one_has_ended() -> None:
    keys = KeysUnderWay()
    with keys.noted(ANNA):
        second = asyncio.create_task(keys.wait(ANNA, LONG))
        await asyncio.sleep(0)
        assert not second.done()

    assert await second
    assert not await keys.wait(ANNA, LONG)


async def test_whoever_has_waited_long_enough_is_refused() -> None:
    keys = KeysUnderWay()
    with keys.noted(ANNA):
        with pytest.raises(KeyInUse):
            await keys.wait(ANNA, 0)
        second = asyncio.create_task(keys.wait(ANNA, LONG))
        await asyncio.sleep(0)

    assert await second  # the refusal of another has not ended the wait of this one


async def test_an_error_of_the_earlier_request_ends_the_wait() -> None:
    keys = KeysUnderWay()
    first = keys.noted(ANNA)
    first.__enter__()
    second = asyncio.create_task(keys.wait(ANNA, LONG))
    await asyncio.sleep(0)

    assert not first.__exit__(ZeroDivisionError, ZeroDivisionError(), None)

    assert await second


async def test_of_two_at_once_the_first_is_waited_for() -> None:
    keys = KeysUnderWay()
    with keys.noted(ANNA):
        with keys.noted(ANNA):
            pass
        with pytest.raises(KeyInUse):
            await keys.wait(ANNA, 0)
    assert not await keys.wait(ANNA, LONG)
