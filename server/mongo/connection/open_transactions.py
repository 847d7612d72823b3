"""Ending transactions of which nobody knows whether the server still holds them open.

An abort may be lost with its connection. And what was sent to a frozen server is executed when it
goes on, although its sender has given up by then, and begins the transaction anew. What that
touches stays locked until MongoDB ends it, after `transactionLifetimeLimitSeconds` (60).
"""

import asyncio
import time
from contextlib import suppress
from itertools import count
from typing import Final

from pymongo.errors import InvalidOperation, PyMongoError

from server.mongo.connection.driver import Database, Driver, Session
from server.mongo.connection.retry import pause

_SLOW_SECONDS: Final = 1.0  # an abort that takes longer may not have reached the server
_AT_ONCE: Final = 4  # each may occupy a thread of Motor for as long as the database is silent


class OpenTransactions:
    """Aborts transactions; one whose abort may be lost is ended once the database answers."""

    def __init__(self, driver: Driver, database: Database) -> None:
        self._driver = driver
        self._database = database
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._ending: dict[int, asyncio.Task[None]] = {}  # by the id of the session

    async def abort(self, session: Session) -> bool:
        """Abort the session's transaction, if it has one; return whether the server surely did."""
        began = time.monotonic()
        with suppress(PyMongoError):
            if session.in_transaction:
                await session.abort_transaction()  # this hides every error that it meets
        is_slow = time.monotonic() - began > _SLOW_SECONDS
        return not is_slow and not self._driver.has_lost_connection(session)

    async def supersede(self, session: Session) -> None:
        """Start another transaction on the session, which makes the server end the one before it.

        After that, what the database does not hold now cannot appear later: statements of the
        earlier one that still arrive are refused (`TransactionTooOld`).

        Raises:
            PyMongoError: the database did not answer; nothing is known.
        """
        await self.abort(session)
        await self._driver.start_transaction(session)
        try:
            await self._database["products"].find_one({}, projection={"_id": 1}, session=session)
        finally:
            await self.abort(session)

    def end(self, session: Session) -> None:
        """Supersede the session's transaction behind its caller, as soon as the database answers.

        Nothing else may use the session until `ended` returns.
        """
        task = asyncio.create_task(self._supersede_at_last(session))
        self._ending[id(session)] = task
        task.add_done_callback(lambda _: self._ending.pop(id(session), None))

    def is_ending(self, session: Session) -> bool:
        """Return whether `end` is not yet done with this session."""
        return id(session) in self._ending

    async def ended(self, session: Session) -> None:
        """Return when `end` is done with this session."""
        if task := self._ending.get(id(session)):
            await asyncio.wait({task})

    async def _supersede_at_last(self, session: Session) -> None:
        for number in count():
            try:
                async with self._turns:
                    await self.supersede(session)
            except InvalidOperation:
                if not session.in_transaction:  # the client is closed
                    return
            except PyMongoError:  # the database does not answer yet
                pass
            else:
                return
            await asyncio.sleep(pause(number, 1.0))
