"""One transaction that commits once, or is known not to have committed.

Why this is ours and not the driver's `with_transaction`: docs/decisions/0003-our-own-runner.md.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from itertools import count
from typing import TypeVar

from pymongo.errors import PyMongoError

from server.domain.errors import CommitUnknown, DatabaseUnavailable, StoreError, WriteConflict
from server.mongo.batches.receipts import ChunkReceipts
from server.mongo.batches.stored_batches import StoredBatches
from server.mongo.connection.driver import Database, Driver, Session
from server.mongo.connection.errors import translate, translated
from server.mongo.connection.evidence import Evidence
from server.mongo.connection.retry import Next, after_body, after_commit, pause
from server.mongo.products.ledger import Ledger
from server.mongo.products.products import Products

log = logging.getLogger(__name__)

T = TypeVar("T")
OnRetry = Callable[[str], None]  # told the reason, for the metrics

DEADLINE_SECONDS = 20.0  # for running and committing: longer than an election takes
SETTLE_SECONDS = 15.0  # more, to find out whether a commit took effect


class Transaction:
    """The repositories, bound to one session: what is done through them commits together."""

    def __init__(self, database: Database, session: Session) -> None:
        self.evidence = Evidence(database, session)
        self.products = Products(database, session, self.evidence)
        self.ledger = Ledger(database, session, self.evidence)
        self.receipts = ChunkReceipts(database, session, self.evidence)
        self.stored_batches = StoredBatches(database, session, self.evidence)


Body = Callable[[Transaction], Awaitable[T]]


class TransactionRunner:
    """Runs a body in a transaction until it has committed, failed for good, or run out of time.

    The body may run several times, so it must keep no state outside itself, and it must let the
    driver's errors through: their labels decide what happens next.
    """

    def __init__(
        self,
        driver: Driver,
        database: str,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
        on_retry: OnRetry = lambda _reason: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._driver = driver
        self._database: Database = driver.client[database]
        self._deadline_seconds = deadline_seconds
        self._settle_seconds = settle_seconds
        self._on_retry = on_retry
        self._jitter = jitter

    async def run(self, body: Body[T], *, commit: bool = True, session: Session | None = None) -> T:
        """The body's result, once its writes are committed to a majority.

        With `commit=False` the writes are rolled back and the result is what would have been. A
        `session` that is given is used, and left open.

        Raises:
            WriteConflict, DatabaseUnavailable: the deadline passed; nothing was written.
            UnexpectedStoreError: the database refused the body; nothing was written.
            CommitUnknown: the commit was sent and its effect could not be found out.
        """
        async with nullcontext(session) if session is not None else self.session() as current:
            with translated():
                return await self._run_until_known(current, body, commit=commit)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session for transactions that run one after another."""
        with translated():
            session = await self._driver.start_session()
        try:
            yield session
        finally:
            with suppress(PyMongoError):  # must not stand in for what is on its way to the caller
                await session.end_session()

    async def _run_until_known(self, session: Session, body: Body[T], *, commit: bool) -> T:
        deadline = time.monotonic() + self._deadline_seconds
        for attempt in count():
            transaction = Transaction(self._database, session)
            await self._driver.start_transaction(session)
            try:
                result = await body(transaction)
                if commit:
                    await transaction.evidence.complete()
            except BaseException as error:
                await self._abort(session)
                if not isinstance(error, PyMongoError) or after_body(error) is Next.GIVE_UP:
                    raise
                await self._pause(attempt, deadline, error)
                continue
            if not commit:
                await self._abort(session)
                return result
            failure = await self._commit(session, transaction.evidence, deadline)
            if failure is None:
                return result
            try:
                await self._pause(attempt, deadline, failure)
            except PyMongoError as error:
                raise _not_committed(error) from error
        raise AssertionError("count() does not end")

    async def _commit(
        self, session: Session, evidence: Evidence, deadline: float
    ) -> PyMongoError | None:
        """None once the transaction has committed; the error if it is known that it has not."""
        in_doubt = False
        for attempt in count():
            try:
                await session.commit_transaction()
                return None
            except PyMongoError as error:
                step = after_commit(error)
                if step is Next.RUN_AGAIN and not in_doubt:
                    return error
                in_doubt = True
                delay = pause(attempt, self._jitter())
                if step is not Next.COMMIT_AGAIN or time.monotonic() + delay > deadline:
                    return None if await self._took_effect(session, evidence, error) else error
                self._on_retry("commit")
                await asyncio.sleep(delay)
        raise AssertionError("count() does not end")

    async def _took_effect(self, session: Session, evidence: Evidence, cause: PyMongoError) -> bool:
        """Whether the transaction committed, read back from the database.

        A new transaction on the same session comes first: it makes the server end the one in
        doubt, so that what is not there now cannot appear later.

        Raises:
            CommitUnknown: the database did not answer, or what it says does not tell.
        """
        deadline = time.monotonic() + self._settle_seconds
        for attempt in count():
            try:
                await self._end_the_one_in_doubt(session)
                found = await evidence.is_there()
            except PyMongoError as error:
                delay = pause(attempt, self._jitter())
                if time.monotonic() + delay > deadline:
                    raise CommitUnknown(f"{cause}; then {error}") from error
                await asyncio.sleep(delay)
            else:
                log.warning(
                    "A commit failed with %s and was found to have %s",
                    type(cause).__name__,
                    "taken effect" if found else "taken no effect",
                )
                return found
        raise AssertionError("count() does not end")

    async def _end_the_one_in_doubt(self, session: Session) -> None:
        await self._driver.start_transaction(session)
        try:
            await self._database["products"].find_one({}, projection={"_id": 1}, session=session)
        finally:
            await self._abort(session)

    async def _pause(self, attempt: int, deadline: float, error: PyMongoError) -> None:
        """Wait before the next run, or raise `error` if that would pass the deadline."""
        delay = pause(attempt, self._jitter())
        if time.monotonic() + delay > deadline:
            raise error
        self._on_retry("conflict" if isinstance(translate(error), WriteConflict) else "unavailable")
        await asyncio.sleep(delay)

    async def _abort(self, session: Session) -> None:
        """The server forgets an unfinished transaction by itself, so a failed abort is no error."""
        with suppress(PyMongoError):
            if session.in_transaction:
                await session.abort_transaction()


def _not_committed(error: PyMongoError) -> StoreError:
    """The body was accepted, so whatever the commit met is no fault of an item."""
    cause = translate(error)
    return cause if isinstance(cause, WriteConflict) else DatabaseUnavailable(str(cause))
