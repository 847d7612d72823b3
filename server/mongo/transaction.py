"""Transactions: the repositories in one, and the runner that commits it exactly once.

Why not the driver's `with_transaction`: docs/decisions/0003-our-own-runner.md.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, TypeVar

from pymongo.errors import ConnectionFailure, PyMongoError

from server.domain.errors import CommitUnknown, DatabaseUnavailable, StoreError, WriteConflict
from server.mongo.batches.carried_products import CarriedProducts
from server.mongo.batches.receipts import ChunkReceipts
from server.mongo.batches.stored_batches import StoredBatches
from server.mongo.batches.waiting.chunks import WaitingChunks
from server.mongo.callers import WaitingBatches
from server.mongo.connection.commit import SETTLE_SECONDS, Commits, OnDoubt, OnRetry
from server.mongo.connection.driver import Database, Driver, Session
from server.mongo.connection.errors import translate
from server.mongo.connection.evidence import Evidence
from server.mongo.connection.open_transactions import OpenTransactions
from server.mongo.connection.patience import Wait, current_patience, with_patience
from server.mongo.connection.retry import Next, after_body, pause
from server.mongo.products.ledger import Ledger
from server.mongo.products.products import Products

T = TypeVar("T")

DEADLINE_SECONDS = 20.0  # to run and commit; an election takes about 2 s
_BEFORE_SETTLING = 0.7  # of a caller's patience; the rest is for finding out what a commit did
_CANCEL_AGAIN_SECONDS = 0.1
_CLOSING_SECONDS = 1.0  # at the end of a process, for a database that does not answer

log = logging.getLogger(__name__)


class Transaction:
    """The repositories, bound to one session: what they write commits together.

    Each is made when it is first used, since making all of them costs a small batch 3 % of its CPU.
    """

    def __init__(self, database: Database, session: Session, wait: Wait | None = None) -> None:
        """Take the `wait` of a caller that has only so much patience with the database."""
        self._database = database
        self._session = session
        self._wait = wait
        self.evidence = Evidence(database, session)

    def waiting_for_another(self) -> AbstractContextManager[None]:
        """Return a block that waits for another transaction, which does not use up patience."""
        return nullcontext() if self._wait is None else self._wait.paused()

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
        self._open = OpenTransactions(driver, self._database)
        self._commits = Commits(
            self._open,
            settle_seconds=settle_seconds,
            on_retry=on_retry,
            on_doubt=on_doubt,
            jitter=jitter,
        )
        self._on_retry = on_retry
        self._jitter = jitter
        self._behind: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()  # sessions, once nothing uses them any more
        self._users: dict[
            int, asyncio.Task[Any]
        ] = {}  # by the id of the session; Motor's has no hash

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
        last; None means the deadline. A request waits no longer than its patience lasts: a commit
        that was sent is then settled behind it, and what was not sent never is.

        Raises:
            WriteConflict, DatabaseUnavailable: the time was up; nothing was written.
            UnexpectedStoreError: the database refused the body; nothing was written.
            CommitUnknown: the commit was sent and its effect could not be found out.
        """
        attempt = _Attempt.begin(self._deadline_seconds, conflict_seconds)
        patience = current_patience()
        if patience is None:
            return await self._run_on(session, body, attempt, commit=commit)
        running: asyncio.Task[T] | None = None
        try:
            with patience.wait() as wait:
                attempt.limit(wait)
                running = asyncio.create_task(
                    self._run_on(session, body, attempt, commit=commit), context=with_patience(None)
                )
                if session is not None:
                    self._users[id(session)] = running
                return await asyncio.shield(running)
        except DatabaseUnavailable:
            if running is None or (running.done() and not wait.has_expired):
                raise
        except asyncio.CancelledError:
            if running is not None:
                await self._cancelled(running, attempt)
            raise
        return self._left_behind(running, attempt)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open a session for transactions that run one after another.

        One that still runs behind its caller keeps the session until it has ended.
        """
        try:
            session = self._driver.start_session()
        except PyMongoError as error:
            raise translate(error) from error
        try:
            yield session
        finally:
            user = self._users.pop(id(session), None)
            if (user is None or user.done()) and not self._open.is_ending(session):
                await self._end_session(session)
            else:
                self._go_on(self._end_session_after(user, session), self._closing)

    async def settled(self) -> None:
        """Return when nothing runs any more that its caller has not waited for.

        Transactions that may be open in a database that does not answer are left after a second.
        """
        while self._behind:
            await asyncio.wait(self._behind)
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSING_SECONDS)

    async def _end_session(self, session: Session) -> None:
        with suppress(PyMongoError):  # it must not replace the result or the error of the block
            await self._driver.end_session(session)

    async def _end_session_after(self, user: asyncio.Task[Any] | None, session: Session) -> None:
        if user is not None:
            await asyncio.wait({user})
        await self._open.ended(session)
        await self._end_session(session)

    async def _run_on(
        self, session: Session | None, body: Body[T], attempt: "_Attempt", *, commit: bool
    ) -> T:
        async with nullcontext(session) if session is not None else self.session() as current:
            await self._open.ended(current)
            try:
                return await self._run_until_known(current, body, attempt, commit=commit)
            except PyMongoError as error:
                raise translate(error) from error
            finally:
                if attempt.may_be_open:
                    self._open.end(current)

    async def _run_until_known(
        self, session: Session, body: Body[T], attempt: "_Attempt", *, commit: bool
    ) -> T:
        for number in count():
            transaction = Transaction(self._database, session, attempt.wait)
            await self._driver.start_transaction(session)
            try:
                result = await body(transaction)
                if commit:
                    await transaction.evidence.complete()
            except BaseException as error:
                await self._undo(session, attempt, error)
                if not isinstance(error, PyMongoError) or after_body(error) is Next.GIVE_UP:
                    raise
                await self._pause(number, attempt, error)
                continue
            attempt.may_be_open = False  # the database has answered in this transaction
            if not number:
                attempt.answered()
            if attempt.is_given_up or not commit:
                await self._undo(session, attempt, None)
                attempt.require_caller()
                return result
            attempt.is_committing = True
            failure = await self._commit(session, transaction.evidence, attempt)
            if failure is None:
                return result
            attempt.is_committing = False
            try:
                await self._pause(number, attempt, failure)
            except PyMongoError as error:
                raise _not_committed(error) from error
        raise AssertionError("count() does not end")

    async def _undo(
        self, session: Session, attempt: "_Attempt", error: BaseException | None
    ) -> None:
        """Abort the transaction. If the server may hold it all the same, `attempt` takes note."""
        attempt.may_be_open = True  # until it is known: this may be cancelled
        is_aborted = await self._open.abort(session)
        attempt.may_be_open = isinstance(error, ConnectionFailure) or not is_aborted

    async def _commit(
        self, session: Session, evidence: Evidence, attempt: "_Attempt"
    ) -> PyMongoError | None:
        return await self._commits.commit(session, evidence, attempt)

    async def _pause(self, number: int, attempt: "_Attempt", error: PyMongoError) -> None:
        """Wait before the next run, or raise `error` if that would pass the deadline."""
        delay = pause(number, self._jitter())
        is_conflict = isinstance(translate(error), WriteConflict)
        if is_conflict:
            attempt.answered()
        end = attempt.conflicts_end if is_conflict else attempt.deadline
        if attempt.is_given_up or time.monotonic() + delay > end:
            raise error
        self._on_retry("conflict" if is_conflict else "unavailable")
        await asyncio.sleep(delay)

    def _left_behind(self, running: asyncio.Task[T], attempt: "_Attempt") -> T:
        """Let the transaction go on without its caller, and raise what the caller must know.

        If it has ended in the same moment, its result is returned all the same.
        """
        if running.done():
            return running.result()
        attempt.is_given_up = True
        self._go_on(_told(running, was_sent=attempt.is_committing))
        if attempt.is_committing:
            raise CommitUnknown("no answer in time; the commit is settled behind")
        raise DatabaseUnavailable("no answer in time; the transaction is undone")

    async def _cancelled(self, running: asyncio.Task[Any], attempt: "_Attempt") -> None:
        """Undo the transaction of a caller that is cancelled. A commit is never cancelled."""
        attempt.is_given_up = True
        if attempt.is_committing:
            self._go_on(_told(running, was_sent=True))
            return
        while not running.done():
            running.cancel()
            await asyncio.wait({running}, timeout=_CANCEL_AGAIN_SECONDS)

    def _go_on(
        self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]] | None = None
    ) -> None:
        tasks = self._behind if tasks is None else tasks
        task = asyncio.create_task(work, context=with_patience(None))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


@dataclass(slots=True)
class _Attempt:
    """The state of one `run`, and moments of the monotonic clock after which it is not run again.

    `deadline` is that for a database which does not answer, `last` the latest that it may become.
    `wait` is that of the caller; once that has given up, nothing is committed any more.
    `may_be_open` is about a transaction that was undone: the server may hold it all the same.
    """

    last: float
    deadline: float
    conflicts_end: float
    wait: Wait | None = None
    is_committing: bool = False
    is_given_up: bool = False
    may_be_open: bool = False

    @classmethod
    def begin(cls, seconds: float, conflict_seconds: float | None) -> "_Attempt":
        now = time.monotonic()
        shorter = seconds if conflict_seconds is None else min(seconds, conflict_seconds)
        return cls(now + seconds, now + seconds, now + shorter)

    def limit(self, wait: Wait) -> None:
        """Leave room for settling within the time of somebody who waits."""
        self.wait = wait
        self.deadline = min(self.last, time.monotonic() + _BEFORE_SETTLING * wait.seconds)

    def answered(self) -> None:
        """Take note that the database answers: the caller may wait on."""
        if self.wait is not None and not self.is_given_up:
            self.wait.answered()
            self.limit(self.wait)

    def require_caller(self) -> None:
        """Check that somebody waits for the result.

        Raises:
            DatabaseUnavailable: nobody does any more.
        """
        if self.is_given_up:
            raise DatabaseUnavailable("no answer in time; the transaction was undone")


async def _told(running: asyncio.Task[Any], *, was_sent: bool) -> None:
    """Wait for a transaction whose caller has gone, and log what became of a commit in doubt."""
    await asyncio.wait({running})
    error = None if running.cancelled() else running.exception()
    if not was_sent or running.cancelled():
        return
    if isinstance(error, CommitUnknown):
        log.warning("What became of a commit in doubt is not known: %s", error)
    else:
        log.info("A commit in doubt %s", "had no effect" if error else "took effect")


def _not_committed(error: PyMongoError) -> StoreError:
    """Return our error for a failed commit: the body had succeeded, so no item is at fault."""
    cause = translate(error)
    return cause if isinstance(cause, WriteConflict) else DatabaseUnavailable(str(cause))
