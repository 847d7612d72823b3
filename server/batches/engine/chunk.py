"""One chunk from its transaction to its outcomes, whatever goes wrong on the way."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

from server.batches.engine.cutting import cut, in_order
from server.batches.engine.failures import fail_all
from server.batches.engine.rehearsal import Rehearsal
from server.batches.engine.unapplied import not_attempted, settled
from server.domain.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    DuplicateKey,
    LeaseLost,
    TooManyRows,
    WriteConflict,
)
from server.domain.options import BatchOptions
from server.domain.outcome import Failed, Outcome, any_failed
from server.kinds.kind import BatchWork, Item
from server.mongo.connection.driver import Session
from server.mongo.transaction import Body, Transaction, TransactionRunner

log = logging.getLogger(__name__)

REHEARSAL_SECONDS = 20.0  # for all the parts of a chunk together

ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Receipt(Protocol):
    """What commits together with the effects of a chunk whose batch is stored."""

    session: Session

    def attempt(self) -> AbstractContextManager[None]: ...
    async def write(self, transaction: Transaction, outcomes: Sequence[Outcome]) -> None: ...
    def committed(self, outcomes: Sequence[Outcome]) -> None: ...


@dataclass(frozen=True, slots=True)
class ChunkRunner(Generic[ItemT, OutcomeT]):
    """Runs chunks of one batch.

    With a `receipt` the outcomes commit together with their effects, and what is no item's fault is
    raised: whoever holds the chunk can give it back. Without one the items fail.
    """

    runner: TransactionRunner
    clock: Callable[[], datetime]
    work: BatchWork[ItemT, OutcomeT]
    options: BatchOptions
    receipt: Receipt | None = None
    rehearse_until: float | None = None  # on the monotonic clock; None before the first rehearsal

    async def run(self, items: Sequence[ItemT], *, tries: int = 2) -> Sequence[OutcomeT | Failed]:
        """One outcome per item, in order. Nothing is raised: what fails, fails its items.

        `tries`: what goes wrong once, as an operation that was killed, is no item's fault.

        Raises:
            LeaseLost, WriteConflict, DatabaseUnavailable, CommitUnknown: only with a receipt, which
                tells what was done.
        """
        try:
            return await self.transact(items)
        except LeaseLost:
            raise
        except (WriteConflict, DatabaseUnavailable, CommitUnknown) as error:
            return await self.give_up(items, error)
        except Exception as error:  # noqa: BLE001 - whatever a poison item raises, it fails alone
            if tries > 1:
                return await self.run(items, tries=tries - 1)
            return await self._isolate(items, error)

    async def transact(self, items: Sequence[ItemT]) -> Sequence[OutcomeT | Failed]:
        """One transaction, which raises what it meets."""

        async def body(transaction: Transaction) -> Sequence[OutcomeT | Failed]:
            now = self.clock()
            decided = await self.work.effects.decide(transaction, items, now)
            outcomes = settled(decided, self.options, self.work.kind.argument)
            await self.work.effects.write(transaction, items, outcomes, now)
            if self.receipt is not None and not self.options.dry_run:
                await self.receipt.write(transaction, outcomes)
            return outcomes

        return await self._in_transaction(body, commit=not self.options.dry_run)

    async def _isolate(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Run the items in ever smaller parts, until the one that `cause` is about stands alone."""
        if len(items) == 1:
            return await self.give_up(items, cause)
        if isinstance(cause, TooManyRows) and self.options.atomic:  # all together, so all of them
            return await self.give_up(items, cause)
        if not isinstance(cause, TooManyRows) and (self.options.atomic or self.options.dry_run):
            return await self._rehearse(items, cause)
        parts = self._smaller(items)
        outcomes: list[OutcomeT | Failed] = []
        for part in parts:
            if self.options.ends_at_failure and any_failed(outcomes):
                outcomes += not_attempted(part, self.work.kind.argument)
            else:
                outcomes += await self.run(part, tries=1)
        return outcomes

    def _smaller(self, items: Sequence[ItemT]) -> list[list[ItemT]]:
        """Two or more parts.

        The items of one product stay together for as long as there are others, unless the order of
        all items matters.
        """
        half = (len(items) + 1) // 2
        parts = in_order(items, half) if self.options.ends_at_failure else cut(items, half)
        return parts if len(parts) > 1 else in_order(items, half)

    async def _rehearse(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Name the culprits of what may not be committed in parts, and do what is left to do."""
        alone = replace(self.options, atomic=False, continue_on_error=True, dry_run=True)
        until = self.rehearse_until or time.monotonic() + REHEARSAL_SECONDS
        dry = replace(self, options=alone, rehearse_until=until)
        rehearsal: Rehearsal[ItemT, OutcomeT] = Rehearsal(
            until=until,
            perform=dry.transact,
            isolate=partial(dry.run, tries=1),
            blame=lambda item, error: dry.give_up([item], error),
        )
        try:
            rehearsed = await rehearsal.run(items)
        except Exception as error:  # noqa: BLE001 - no single item is to blame for it
            return await self.give_up(items, error)
        if self.options.dry_run:
            return settled(rehearsed, self.options, self.work.kind.argument)
        if not any_failed(rehearsed):  # it goes well, but for the commit
            return await self.give_up(items, cause)
        return await self._perform(items, rehearsed)

    async def _perform(
        self, items: Sequence[ItemT], rehearsed: Sequence[OutcomeT | Failed]
    ) -> Sequence[OutcomeT | Failed]:
        """What is left to do of an atomic batch once its culprits are known."""
        if not self.options.goes_on:
            failures = settled(rehearsed, self.options, self.work.kind.argument)
            await self._record(items, failures)
            return failures
        pairs = list(zip(items, rehearsed, strict=True))
        culprits = [item for item, outcome in pairs if isinstance(outcome, Failed)]
        failures = [outcome for outcome in rehearsed if isinstance(outcome, Failed)]
        others = [item for item, outcome in pairs if not isinstance(outcome, Failed)]
        await self._record(culprits, failures)
        done = await self.run(others, tries=1) if others else []
        return sorted([*failures, *done], key=lambda outcome: outcome.index)

    async def give_up(
        self, items: Sequence[ItemT], cause: Exception
    ) -> Sequence[OutcomeT | Failed]:
        """Fail the items, and leave the record that failures leave if the database can take it."""
        lost_touch = isinstance(cause, DatabaseUnavailable | CommitUnknown)
        if self.receipt is not None and (lost_touch or isinstance(cause, WriteConflict)):
            raise cause
        error_id = uuid4().hex
        callers_fault = isinstance(cause, DuplicateKey | TooManyRows)
        log.log(
            logging.INFO if callers_fault else logging.ERROR,
            "A chunk of %s failed: %s",
            self.work.kind.mutation,
            cause,
            exc_info=None if callers_fault else cause,
            extra={"error_id": error_id, "items": len(items), "first_index": items[0].index},
        )
        failures: Sequence[OutcomeT | Failed] = fail_all(
            items, self.work.kind.argument, cause, error_id
        )
        if not (lost_touch or self.options.dry_run):
            await self._record(items, failures)
        return failures

    async def _record(self, items: Sequence[ItemT], failures: Sequence[OutcomeT | Failed]) -> None:
        async def body(transaction: Transaction) -> Sequence[OutcomeT | Failed]:
            await self.work.effects.write(transaction, items, failures, self.clock())
            if self.receipt is not None:
                await self.receipt.write(transaction, failures)
            return failures

        try:
            await self._in_transaction(body)
        except Exception:  # the answer is true without the record, and the log has both
            if self.receipt is not None:
                raise
            log.exception(
                "The failures of a chunk of %s were not recorded", self.work.kind.mutation
            )

    async def _in_transaction(
        self, body: Body[Sequence[OutcomeT | Failed]], *, commit: bool = True
    ) -> Sequence[OutcomeT | Failed]:
        if self.receipt is None:
            return await self.runner.run(body, commit=commit)
        with self.receipt.attempt():
            outcomes = await self.runner.run(body, commit=commit, session=self.receipt.session)
        if commit:
            self.receipt.committed(outcomes)
        return outcomes
