"""The use cases of a stored batch: cancel it, or try again what failed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from server.batches.request import BatchRequest
from server.batches.stored.completion import Completion
from server.batches.stored.submissions import Submissions, Submitted
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from server.domain.caller import ANONYMOUS, Caller
from server.domain.errors import BadInput
from server.domain.item_result import FileItem, Input
from server.domain.options import BatchOptions
from server.kinds.registry import work_of
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.publications import Publications
from server.mongo.batches.results import BatchResults
from server.mongo.batches.states import BatchStates

_BLOCK = 500  # items that are copied at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchControl:
    """Does what a caller asks of a stored batch.

    `publishes`: the server has a receiver to publish successes to.
    """

    batches: BatchReads
    states: BatchStates
    results: BatchResults
    submissions: Submissions
    completion: Completion
    publications: Publications
    publishes: bool = False

    async def cancel(self, batch_id: str, caller: Caller = ANONYMOUS) -> BatchProgress:
        """Let no other chunk of the batch begin, and return its progress.

        Chunks that have begun go on to their end, and count. Cancelling again changes nothing.

        Raises:
            BadInput: there is no such batch, or it has ended as COMPLETED or FAILED.
        """
        batch = await self._batch(batch_id, caller)
        if batch.state is BatchState.CANCELLED:
            return batch
        if not await self.states.request_cancel(batch_id):
            batch = await self._batch(batch_id, caller)
            if batch.state is not BatchState.CANCELLED:
                raise BadInput(
                    f"The batch {batch_id} has ended: it is {batch.state.name} and cannot be "
                    "cancelled."
                )
            return batch
        await self.completion.check(batch_id)
        return await self._batch(batch_id, caller)

    async def retry(
        self,
        batch_id: str,
        key: str | None,
        caller: Caller = ANONYMOUS,
        *,
        charged_to: str = "",
    ) -> Submitted:
        """Submit the items that failed as a new batch of `caller`, in their order.

        Raises:
            BadInput: there is no such batch, it was a dry run, it was not submitted, it has not
                ended, or no item of it failed.
            RequestError, StoreError: as `Submissions.submit_stream`.
        """
        batch = await self._batch(batch_id, caller)
        stored = await self.batches.stored(batch_id)
        if stored is None or not batch.state.is_final:
            raise BadInput(
                f"The batch {batch_id} is {batch.state.name}: what failed can be tried again once "
                "it has ended."
            )
        if stored.options.dry_run:
            raise BadInput(
                f"The batch {batch_id} was a dry run, which applied nothing: submit its items, "
                "without dryRun, to apply them."
            )
        if not stored.was_submitted:
            raise BadInput(
                f"The batch {batch_id} was not submitted: send its items again by its mutation."
            )
        if not batch.failure_count:
            raise BadInput(f"No item of the batch {batch_id} failed: there is nothing to retry.")
        request = BatchRequest(
            work=work_of(stored),
            options=BatchOptions(batch_size=stored.options.batch_size),
            created_by=caller.name,
            charged_to=charged_to,
            key=key,
            retry_of=batch_id,
            file=lambda: stored.file,
        )
        return await self.submissions.submit_stream(request, self._failed_items(batch_id))

    async def retry_publication(self, batch_id: str, caller: Caller = ANONYMOUS) -> BatchProgress:
        """Publish again the items whose publication failed, and return the batch's progress.

        Raises:
            BadInput: there is no such batch, it publishes nothing, or the server has no receiver.
        """
        batch = await self._batch(batch_id, caller)
        if batch.publication is None:
            raise BadInput(f"The batch {batch_id} publishes nothing.")
        if not self.publishes:
            raise BadInput("There is no receiver of prices: the server has no PUBLISH_URL.")
        await self.publications.try_again(batch_id)
        return await self._batch(batch_id, caller)

    async def _batch(self, batch_id: str, caller: Caller) -> BatchProgress:
        """Return a batch that the caller sees; one that is not its own is like one that is not."""
        batch = await self.batches.by_id(batch_id, caller.sees_batches_of)
        if batch is None:
            raise BadInput(f"There is no batch {batch_id}.")
        return batch

    async def _failed_items(self, batch_id: str) -> AsyncIterator[Sequence[Input]]:
        """Yield the items that failed, in blocks."""
        block: list[Input] = []
        async for result in self.results.stream(batch_id, success=False):
            row = result.row
            block.append(result.input if row is None else FileItem(row, result.input))
            if len(block) == _BLOCK:
                yield block
                block = []
        if block:
            yield block
