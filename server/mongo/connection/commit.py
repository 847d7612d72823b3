"""Committing a transaction, and finding out whether it took effect when no answer says so."""

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

from pymongo.errors import PyMongoError

from server.domain.errors import CommitUnknown
from server.mongo.connection.driver import Session
from server.mongo.connection.evidence import Evidence
from server.mongo.connection.open_transactions import OpenTransactions
from server.mongo.connection.retry import Next, after_commit, pause

log = logging.getLogger(__name__)

OnRetry = Callable[[str], None]  # takes the reason, for the metrics
OnDoubt = Callable[[str], None]  # takes what was found: applied, not_applied or unknown

SETTLE_SECONDS = 15.0  # to find out whether a commit took effect; an election takes about 2 s
BEHIND_SECONDS = 300.0  # the same, if nobody waits for it any more


class Attempt(Protocol):
    """The run of a transaction: until when it commits, and whether its caller has given it up.

    `deadline` is a moment of `time.monotonic`, after which the commit is not sent again.
    """

    deadline: float
    is_given_up: bool


class Commits:
    """Commits transactions, and returns only once it is known whether each one took effect.

    `jitter` returns a number in 0..1.
    """

    def __init__(
        self,
        open_transactions: OpenTransactions,
        *,
        settle_seconds: float,
        on_retry: OnRetry,
        on_doubt: OnDoubt,
        jitter: Callable[[], float],
    ) -> None:
        self._open = open_transactions
        self._settle_seconds = settle_seconds
        self._on_retry = on_retry
        self._on_doubt = on_doubt
        self._jitter = jitter

    async def commit(
        self, session: Session, evidence: Evidence, attempt: Attempt
    ) -> PyMongoError | None:
        """Commit, and return None; or the error, if it is known that nothing was committed.

        Raises:
            CommitUnknown: the commit was sent, and its effect could not be found out.
        """
        in_doubt = False
        for number in count():
            try:
                await session.commit_transaction()
                return None
            except PyMongoError as error:
                step = after_commit(error)
                if step is Next.RUN_AGAIN and not in_doubt:
                    return error
                in_doubt = True
                delay = pause(number, self._jitter())
                if step is not Next.COMMIT_AGAIN or time.monotonic() + delay > attempt.deadline:
                    took_effect = await self._took_effect(session, evidence, attempt, error)
                    return None if took_effect else error
                self._on_retry("commit")
                await asyncio.sleep(delay)
        raise AssertionError("count() does not end")

    async def _took_effect(
        self, session: Session, evidence: Evidence, attempt: Attempt, cause: PyMongoError
    ) -> bool:
        """Return whether the transaction committed, as the database says, and report it.

        Raises:
            CommitUnknown: the database did not answer, or its answer does not settle it.
        """
        try:
            found = await self._found_out(session, evidence, attempt, cause)
        except CommitUnknown:
            self._on_doubt("unknown")
            raise
        self._on_doubt("applied" if found else "not_applied")
        return found

    async def _found_out(
        self, session: Session, evidence: Evidence, attempt: Attempt, cause: PyMongoError
    ) -> bool:
        began = time.monotonic()
        for number in count():
            try:
                await self._open.supersede(session)
                found = await evidence.is_there()
            except PyMongoError as error:
                delay = pause(number, self._jitter())
                patience = BEHIND_SECONDS if attempt.is_given_up else self._settle_seconds
                if time.monotonic() + delay > began + patience:
                    self._open.end(session)
                    raise CommitUnknown(f"{cause}; then {error}") from error
                await asyncio.sleep(delay)
            else:
                level = logging.DEBUG if attempt.is_given_up else logging.WARNING
                log.log(  # of one that has been given up, the runner tells the end
                    level,
                    "A commit failed with %s and was found to have %s",
                    type(cause).__name__,
                    "taken effect" if found else "taken no effect",
                )
                return found
        raise AssertionError("count() does not end")
