"""A chunk in its transaction: read, decide, write, commit; the items' failures if that fails."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar
from uuid import uuid4

from server.batches.engine.cutting import cut_by_product, cut_in_order
from server.batches.engine.failures import fail_all
from server.batches.engine.rehearsal import Rehearsal
from server.batches.engine.transactions import ChunkTransactions
from server.batches.engine.unapplied import apply_options, not_attempted
from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    DuplicateKey,
    LeaseLost,
    NotReached,
    TooManyRows,
    WriteConflict,
)
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, any_failed
from server.kinds.kind import BatchWork, Item
from server.mongo.transaction import Transaction

log = logging.getLogger(__name__)

REHEARSAL_SECONDS = 20.0  # for all the parts of a chunk together

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True, slots=True)
class ChunkRunner(Generic[ItemT, OutcomeT]):
    """Runs the chunks of one batch.

    `rehearse_until` is the moment of the monotonic clock at which rehearsals are given up; None
    before the first rehearsal.
    """

    work: BatchWork[ItemT, OutcomeT]
    options: BatchOptions
    transactions: ChunkTransactions
    clock: Callable[[], datetime]
    rehearse_until: float | None = None

    async def run(self, items: Sequence[ItemT], *, tries: int = 2) -> Sequence[OutcomeT | Failed]:
        """Run a chunk and return one outcome per item, in order.

        An unforeseen error may be chance, so the chunk is tried once more. If that fails too, the
        item at fault is isolated.

        Raises:
            NotReached: the batch has ended before this chunk.
            LeaseLost, WriteConflict, DatabaseUnavailable, CommitUnknown: only for a stored chunk,
                which can be given back.
        """
        try:
            return await self.transact(items)
        except (LeaseLost, NotReached):
            raise
        except (WriteConflict, DatabaseUnavailable, CommitUnknown) as error:
            return await self.give_up(items, error)
        except Exception as error:  # noqa: BLE001 - an item that causes any error fails alone
            if tries > 1:
                return await self.run(items, tries=tries - 1)
            return await self._isolate(items, error)

    async def transact(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed]:
        """Decide and write the chunk in one transaction.

        Raises:
            Exception: any error of the rules or of the database.
        """

        async def body(transaction: Transaction) -> Sequence[OutcomeT | Failed]:
            now = self.clock()
            decided = await self.work.effects.decide(transaction, items, now)
            outcomes = apply_options(decided, self.options, self.work.kind.argument)
            await self.work.effects.write(transaction, items, outcomes, now)
            return outcomes

        return await self.transactions.run(body, commit=not self.options.dry_run)

    async def give_up(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Fail the items because of `cause`, and record the failures if the database answers.

        Raises:
            WriteConflict, DatabaseUnavailable, CommitUnknown: `cause` itself, if it is one of
                these and the chunk can be given back.
        """
        is_unreachable = isinstance(cause, DatabaseUnavailable | CommitUnknown)
        if self.transactions.can_give_back and (is_unreachable or isinstance(cause, WriteConflict)):
            raise cause
        error_id = uuid4().hex
        is_callers_fault = isinstance(cause, DuplicateKey | TooManyRows)
        log.log(
            logging.INFO if is_callers_fault else logging.ERROR,
            "A chunk of %s failed: %s",
            self.work.kind.mutation,
            cause,
            exc_info=None if is_callers_fault or is_unreachable else cause,
            extra={"error_id": error_id, "items": len(items), "first_index": items[0].index},
        )
        failures = fail_all(items, self.work.kind.argument, cause, error_id)
        # The database is away, or has perhaps committed the items; and a dry run leaves nothing.
        if not (is_unreachable or self.options.dry_run):
            await self._record(items, failures)
        return failures

    async def _record(self, items: Sequence[ItemT], failures: Sequence[OutcomeT | Failed]) -> None:
        """Write what the kind records of failures, such as rows of the ledger."""

        async def body(transaction: Transaction) -> Sequence[OutcomeT | Failed]:
            await self.work.effects.write(transaction, items, failures, self.clock())
            return failures

        try:
            await self.transactions.run(body)
        except NotReached:
            raise
        except Exception:  # the items have failed already, and the caller must learn of that
            if self.transactions.can_give_back:
                raise
            log.exception(
                "The failures of a chunk of %s were not recorded", self.work.kind.mutation
            )

    async def _isolate(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Run the items in ever smaller parts, until the item that caused the error is alone."""
        if len(items) == 1:
            return await self.give_up(items, cause)
        # An atomic chunk cannot be split, so all of it fails.
        if isinstance(cause, TooManyRows) and self.options.atomic:
            return await self.give_up(items, cause)
        if not isinstance(cause, TooManyRows) and (self.options.atomic or self.options.dry_run):
            return await self._rehearse(items, cause)
        outcomes: list[OutcomeT | Failed] = []
        for part in self._halves(items):
            if self.options.ends_at_failure and any_failed(outcomes):
                outcomes += not_attempted(part, self.work.kind.argument)
            else:
                outcomes += await self.run(part, tries=1)
        return sorted(outcomes, key=lambda outcome: outcome.index)  # parts are cut by product

    def _halves(self, items: Sequence[ItemT]) -> list[list[ItemT]]:
        """Return two or more parts.

        All items of a product stay in one part. Exceptions: there is only one product, or the batch
        ends at its first failure (the order then counts).
        """
        half = (len(items) + 1) // 2
        cut = cut_in_order if self.options.ends_at_failure else cut_by_product
        parts = cut(items, half)
        return parts if len(parts) > 1 else cut_in_order(items, half)

    async def _rehearse(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Find the items at fault where parts may not commit.

        Then run the others if the options say so.
        """
        each_alone = replace(self.options, atomic=False, continue_on_error=True, dry_run=True)
        until = self.rehearse_until or time.monotonic() + REHEARSAL_SECONDS
        dry = replace(self, options=each_alone, rehearse_until=until)
        rehearsal: Rehearsal[ItemT, OutcomeT] = Rehearsal(
            until=until,
            attempt=dry.transact,
            isolate=partial(dry.run, tries=1),
            blame=lambda item, error: dry.give_up([item], error),
        )
        try:
            rehearsed = await rehearsal.run(items)
        except Exception as error:  # noqa: BLE001 - the search did not end: fail all items
            return await self.give_up(items, error)
        if self.options.dry_run:
            return apply_options(rehearsed, self.options, self.work.kind.argument)
        if not any_failed(rehearsed):  # all items can be written, so only the commit fails
            return await self.give_up(items, cause)
        return await self._run_without_faulty(items, rehearsed)

    async def _run_without_faulty(
        self, items: Sequence[ItemT], rehearsed: Sequence[OutcomeT | Failed]
    ) -> Sequence[OutcomeT | Failed]:
        """Record the items at fault in an atomic batch; run the others if its options say so."""
        if not self.options.goes_on:
            failures = apply_options(rehearsed, self.options, self.work.kind.argument)
            await self._record(items, failures)
            return failures
        pairs = list(zip(items, rehearsed, strict=True))
        at_fault = [item for item, outcome in pairs if isinstance(outcome, Failed)]
        failures = [outcome for outcome in rehearsed if isinstance(outcome, Failed)]
        others = [item for item, outcome in pairs if not isinstance(outcome, Failed)]
        await self._record(at_fault, failures)
        done = await self.run(others, tries=1) if others else []
        return sorted([*failures, *done], key=lambda outcome: outcome.index)
