"""The transactions of a claimed chunk of a dry run.

The chunk's changes are rolled back. Its outcomes are recorded in a transaction of their own, and
with them how the chunk would have left its products: the next chunk of the lane goes on from there.
So a worker that dies leaves the outcomes and the products of a chunk, or neither.
"""

from collections.abc import Iterator, Sequence

from typing_extensions import override

from server.batches.engine.transactions import ChunkBody
from server.batches.stored.fenced_transactions import FencedTransactions, OutcomeT
from server.domain.outcome import Failed, Outcome
from server.domain.stored_batch import ClaimedChunk, StoredBatch
from server.kinds.registry import KINDS
from server.mongo.batches.carried_products import Left
from server.mongo.connection.driver import Session
from server.mongo.transaction import Transaction, TransactionRunner


class PreviewTransactions(FencedTransactions):
    """Rolls back what a chunk changes, after running it on what earlier chunks would have left."""

    def __init__(
        self, runner: TransactionRunner, batch: StoredBatch, chunk: ClaimedChunk, session: Session
    ) -> None:
        super().__init__(runner, batch, chunk.lease, session)
        key_of = KINDS[batch.kind].key_of
        self._keys = {item.index: key_of(item.input) for item in chunk.items}
        self._is_followed = batch.following(chunk.lease.index) is not None
        self._size = len(chunk.items)
        self._left: Left = {}

    @override
    async def run(self, body: ChunkBody[OutcomeT], *, commit: bool = True) -> Sequence[OutcomeT]:
        """Return the outcomes of `body`; with `commit`, once they are recorded.

        Raises:
            LeaseLost: another worker holds the chunk, or it is done.
            StoreError: as `TransactionRunner.run`.
        """
        if commit:
            return await super().run(body)
        left: Left = {}

        async def as_earlier_chunks_left_it(transaction: Transaction) -> Sequence[OutcomeT]:
            nonlocal left
            carried = transaction.carried_products
            await carried.restore(self._batch.id, {key for key in self._keys.values() if key})
            outcomes = await body(transaction)
            left = await carried.left(set(self._changed(outcomes)))
            return outcomes

        outcomes = await super().run(as_earlier_chunks_left_it, commit=False)
        self._left = {**self._left, **left}
        return outcomes

    @override
    async def write_receipt(self, transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
        if self._is_followed or len(self.recorded) + len(outcomes) < self._size:
            left = {key: self._left[key] for key in self._changed(outcomes)}
            await transaction.carried_products.carry(self._batch.id, left)
        await super().write_receipt(transaction, outcomes)

    def _changed(self, outcomes: Sequence[Outcome]) -> Iterator[str]:
        """Yield the products that the successes name; a new id can be in no later item."""
        for outcome in outcomes:
            if not isinstance(outcome, Failed) and (key := self._keys[outcome.index]):
                yield key
