import asyncio

from server.batches.engine.sharing.turns import Turns


async def test_those_who_share_a_key_go_one_after_the_other_in_order() -> None:
    turns, log = Turns(), []

    async def work(name: str, *keys: str) -> None:
        async with turns.taken(keys):
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

    await asyncio.gather(work("first", "a", "b"), work("second", "b", "c"), work("third", "c"))

    assert log == [
        *("first begins", "first ends"),
        *("second begins", "second ends"),
        *("third begins", "third ends"),
    ]


async def test_those_who_share_nothing_go_side_by_side() -> None:
    turns = Turns()

    async with asyncio.timeout(5), turns.taken(["a"]), turns.taken(["b"]):
        pass


async def test_one_who_fails_lets_the_next_one_pass() -> None:
    turns = Turns()

    async def failing() -> None:
        async with turns.taken(["a"]):
            raise LookupError

    outcome = await asyncio.gather(failing(), failing(), return_exceptions=True)

    assert [type(error) for error in outcome] == [LookupError, LookupError]


async def test_one_who_stops_waiting_holds_nobody_up() -> None:
    turns, passed = Turns(), asyncio.Event()

    async def work() -> None:
        async with turns.taken(["a"]):
            passed.set()

    async with turns.taken(["a"]):
        impatient, patient = asyncio.create_task(work()), asyncio.create_task(work())
        await asyncio.sleep(0)
        impatient.cancel()
    async with asyncio.timeout(5):
        await patient

    assert passed.is_set()
    assert impatient.cancelled()


async def test_the_last_in_the_queue_may_stop_waiting() -> None:
    turns = Turns()

    async def work() -> None:
        async with turns.taken(["a"]):
            raise AssertionError("its turn never comes")

    async with turns.taken(["a"]):
        impatient = asyncio.create_task(work())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])

    assert impatient.cancelled()
    assert turns._last == {}


async def test_nobody_waits_for_ever() -> None:
    turns = Turns(patience_seconds=0.01)

    async with asyncio.timeout(5), turns.taken(["a"]), turns.taken(["a"]):
        pass

    assert turns._last == {}


async def test_nothing_is_kept_of_what_is_over() -> None:
    turns = Turns()

    async with turns.taken(["a", "b"]):
        pass

    assert turns._last == {}


async def test_nobody_gets_past_the_first_when_the_second_stops_waiting() -> None:
    turns, log = Turns(), []

    async def work(name: str) -> None:
        async with turns.taken(["a"]):
            log.append(name)

    async with turns.taken(["a"]):
        second, third = asyncio.create_task(work("second")), asyncio.create_task(work("third"))
        await asyncio.sleep(0)
        second.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert log == []
    await third

    assert log == ["third"]
    assert turns._last == {}


async def test_a_turn_that_is_left_before_it_is_entered_is_kept_no_longer() -> None:
    turns = Turns()
    turn = turns.join(["a"])

    turn.leave()
    turn.leave()

    assert turns._last == {}


async def test_leaving_a_turn_that_was_entered_does_not_end_it() -> None:
    turns = Turns()

    async with turns.join(["a"]) as turn:
        turn.leave()

        assert turns._last == {"a": turn}


async def test_one_who_has_lost_patience_may_begin() -> None:
    turns = Turns(patience_seconds=0.01)

    async with turns.taken(["a"]):
        turn = turns.join(["a"])
        assert not turn.may_begin()
        async with turn:
            assert turn.may_begin()

    assert turns._last == {}


async def test_a_chunk_may_begin_beside_those_that_it_waits_for() -> None:
    turns = Turns()
    first = turns.join(["a"])
    second = turns.join(["a", "b"])

    assert first.may_begin()
    assert not second.may_begin()
    assert second.may_begin(beside={first})
    first.end()
    assert second.may_begin()
    second.end()


async def test_a_turn_that_has_ended_is_not_told_that_it_is_the_first() -> None:
    turns, told = Turns(patience_seconds=0.0), []
    first, second = turns.join(["a"]), turns.join(["a"])
    second.when_first(lambda: told.append("second"))
    second.end()

    first.end()

    assert told == []
