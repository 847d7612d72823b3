"""Transactions: the repositories in one, and the runner that commits it exactly once.

Why not the driver's `with_transaction`: docs/decisions/0003-our-own-runner.md.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import cached_property
from itertools import count
from typing import NamedTuple, TypeVar

from pymongo.errors import PyMongoError

from server.domain.errors import DatabaseUnavailable, StoreError, WriteConflict
from server.mongo.batches.carried_products import CarriedProducts
from server.mongo.batches.receipts import ChunkReceipts
from server.mongo.batches.stored_batches import StoredBatches
from server.mongo.batches.waiting.chunks import WaitingChunks
from server.mongo.callers import WaitingBatches
from server.mongo.connection.commit import SETTLE_SECONDS, Commits, OnDoubt, OnRetry, abort
from server.mongo.connection.driver import Database, Driver, Session
from server.mongo.connection.errors import translate, translated
from server.mongo.connection.evidence import Evidence
from server.mongo.connection.retry import Next, after_body, pause
from server.mongo.products.ledger import Ledger
from server.mongo.products.products import Products

T = TypeVar("T")

DEADLINE_SECONDS = 20.0  # to run and commit; an election takes about 2 s


class Transaction:
    """The repositories, bound to one session: what they write commits together.

    Each is made when it is first used, since making all of them costs a small batch 3 % of its CPU.
    """

    def __init__(self, database: Database, session: Session) -> None:
        self._database = database
        self._session = session
        self.evidence = Evidence(database, session)

    @cached_property
    def products(self) -> Products:
        return Products(self._database, self._session, self.evidence)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self._database, self._session, self.evidence)

    @cached_property
    def receipts(self) -> ChunkReceipts:
        return ChunkReceipts(self._database, self._session, self.evidence)

    @cached_property
    def stored_batches(self) -> StoredBatches:
        return StoredBatches(self._database, self._session, self.evidence)

    @cached_property
    def waiting_batches(self) -> WaitingBatches:
        return WaitingBatches(self._database, self._session)

    @cached_property
    def carried_products(self) -> CarriedProducts:
        return CarriedProducts(self._database, self._session)

    @cached_property
    def waiting_chunks(self) -> WaitingChunks:
        return WaitingChunks(self._database, self._session, self.evidence)


Body = Callable[[Transaction], Awaitable[T]]


class TransactionRunner:
    """Runs a body in a transaction until it has committed, failed for good, or run out of time.

    The body may run several times, so it must keep no state outside itself. It must let errors of
    the driver pass: their labels decide what happens next.
    """

    def __init__(  # noqa: PLR0913 - what tests change
        self,
        driver: Driver,
        database: str,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
        on_retry: OnRetry = lambda _reason: None,
        on_doubt: OnDoubt = lambda _found: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._driver = driver
        self._database: Database = driver.client[database]
        self._deadline_seconds = deadline_seconds
        self._commits = Commits(
            driver,
            self._database,
            settle_seconds=settle_seconds,
            on_retry=on_retry,
            on_doubt=on_doubt,
            jitter=jitter,
        )
        self._on_retry = on_retry
        self._jitter = jitter

    async def run(
        self,
        body: Body[T],
        *,
        commit: bool = True,
        session: Session | None = None,
        conflict_seconds: float | None = None,
    ) -> T:
        """Run the body, and return its result once its writes are committed to a majority.

        With `commit=False` the writes are rolled back, and the result is the one of a commit. A
        given `session` is used, and left open. After `conflict_seconds` a write conflict is the
        last; None means the deadline.

        Raises:
            WriteConflict, DatabaseUnavailable: the time was up; nothing was written.
            UnexpectedStoreError: the database refused the body; nothing was written.
            CommitUnknown: the commit was sent and its effect could not be found out.
        """
        async with nullcontext(session) if session is not None else self.session() as current:
            with translated():
                until = _Until.begin(self._deadline_seconds, conflict_seconds)
                return await self._run_until_known(current, body, until, commit=commit)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open a session for transactions that run one after another."""
        with translated():
            session = self._driver.start_session()
        try:
            yield session
        finally:
            with suppress(PyMongoError):  # it must not replace the result or the error of the block
                await self._driver.end_session(session)

    async def _run_until_known(
        self, session: Session, body: Body[T], until: "_Until", *, commit: bool
    ) -> T:
        for attempt in count():
            transaction = Transaction(self._database, session)
            await self._driver.start_transaction(session)
            try:
                result = await body(transaction)
                if commit:
                    await transaction.evidence.complete()
            except BaseException as error:
                await abort(session)
                if not isinstance(error, PyMongoError) or after_body(error) is Next.GIVE_UP:
                    raise
                await self._pause(attempt, until, error)
                continue
            if not commit:
                await abort(session)
                return result
            failure = await self._commit(session, transaction.evidence, until.deadline)
            if failure is None:
                return result
            try:
                await self._pause(attempt, until, failure)
            except PyMongoError as error:
                raise _not_committed(error) from error
        raise AssertionError("count() does not end")

    async def _commit(
        self, session: Session, evidence: Evidence, deadline: float
    ) -> PyMongoError | None:
        return await self._commits.commit(session, evidence, deadline)

    async def _pause(self, attempt: int, until: "_Until", error: PyMongoError) -> None:
        """Wait before the next run, or raise `error` if that would pass the deadline."""
        delay = pause(attempt, self._jitter())
        is_conflict = isinstance(translate(error), WriteConflict)
        if time.monotonic() + delay > (until.conflicts_end if is_conflict else until.deadline):
            raise error
        self._on_retry("conflict" if is_conflict else "unavailable")
        await asyncio.sleep(delay)


class _Until(NamedTuple):
    """Moments of the monotonic clock after which a transaction is not run again."""

    deadline: float
    conflicts_end: float

    @classmethod
    def begin(cls, seconds: float, conflict_seconds: float | None) -> "_Until":
        now = time.monotonic()
        shorter = seconds if conflict_seconds is None else min(seconds, conflict_seconds)
        return cls(now + seconds, now + shorter)


def _not_committed(error: PyMongoError) -> StoreError:
    """Return our error for a failed commit: the body had succeeded, so no item is at fault."""
    cause = translate(error)
    return cause if isinstance(cause, WriteConflict) else DatabaseUnavailable(str(cause))
