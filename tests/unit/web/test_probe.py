"""Ask the database something that it may not answer."""

import asyncio

from server.domain.errors import DatabaseUnavailable
from server.mongo.connection.outage import Outage
from server.web.probe import Probe

LONG = 60.0
SHORT = 0.01


class Database:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()
        self.fails = False

    async def ask(self) -> int:
        self.asked += 1
        if self.fails:
            raise DatabaseUnavailable("it is away")
        await self.answers.wait()
        return self.asked


async def test_the_answer_is_returned_and_each_time_asked_for_anew() -> None:
    database = Database()
    database.answers.set()
    probe = Probe(database.ask, seconds=LONG)

    assert [await probe.result(), await probe.result()] == [1, 2]


async def test_callers_at_the_same_time_share_one_question() -> None:
    database = Database()
    probe = Probe(database.ask, seconds=LONG)

    waiting = [asyncio.create_task(probe.result()) for _ in range(3)]
    await asyncio.sleep(0)
    database.answers.set()

    assert await asyncio.gather(*waiting) == [1, 1, 1]


async def test_no_answer_in_time_is_none_and_the_question_is_not_asked_beside_it() -> None:
    database = Database()
    probe = Probe(database.ask, seconds=SHORT)

    assert [await probe.result(), await probe.result()] == [None, None]
    assert database.asked == 1

    await probe.close()


async def test_a_database_that_is_known_to_be_silent_is_not_waited_for() -> None:
    database, known = Database(), Outage()
    probe = Probe(database.ask, seconds=SHORT, is_silent=lambda: known.is_on)
    assert await probe.result() is None  # and the question stays open

    known.is_on = True
    async with asyncio.timeout(SHORT / 2):
        assert await probe.result() is None

    known.is_on = False
    database.answers.set()
    assert await probe.result() == 1
    await probe.close()


async def test_a_caller_that_is_cancelled_leaves_the_question_to_the_others() -> None:
    database = Database()
    probe = Probe(database.ask, seconds=LONG)
    first, second = (asyncio.create_task(probe.result()) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait({first})
    database.answers.set()

    assert await second == 1


async def test_an_error_of_the_database_is_no_answer() -> None:
    database = Database()
    database.fails = True

    assert await Probe(database.ask).result() is None
