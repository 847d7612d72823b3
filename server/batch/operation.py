"""What the engine must know of one kind of batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from server.domain.batch_operation import BatchOperationType
from server.domain.item_error import ItemError
from server.domain.item_result import Input
from server.domain.outcome import Failed, Outcome
from server.mongo.transaction import Transaction


class Item(Protocol):
    """One input, its fields checked. `key` names the document it is about, "" if none.

    An item with `errors` has failed already, whatever the database holds.
    """

    @property
    def index(self) -> int: ...
    @property
    def product_id(self) -> str | None: ...
    @property
    def key(self) -> str: ...
    @property
    def errors(self) -> tuple[ItemError, ...]: ...


ItemT = TypeVar("ItemT", bound=Item, contravariant=True)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Operation(Protocol[ItemT, OutcomeT]):
    """One kind of batch: how a chunk of it is decided, and what is written for the decisions.

    `name` is the mutation's and `argument` its list's. Both methods run inside a transaction, may
    run several times, and let the driver's errors through. `now` is the same for both.
    """

    name: str
    argument: str

    async def decide(
        self, transaction: Transaction, items: Sequence[ItemT], now: datetime
    ) -> Sequence[OutcomeT]:
        """Read what the rules need, and apply them: one outcome per item, in order.

        What comes of an item may depend on those before it, and not on those behind it.
        """
        ...

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[ItemT],
        outcomes: Sequence[OutcomeT | Failed],
        now: datetime,
    ) -> None:
        """Write what follows from the outcomes. Failures may leave a record, and nothing else."""
        ...


class StoredOperation(Operation[Any, Any], Protocol):
    """An operation whose items can be stored, to be run later and perhaps by another process.

    `settings` are what else must be stored to make it again: `server.batch.stored_operations`.
    """

    @property
    def type(self) -> BatchOperationType: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...

    def item(self, index: int, sent: Input) -> Item:
        """The item that was sent. Its values may be anything: what is wrong is in its errors."""
        ...


def sent_id(sent: Input, field: str = "productId") -> str:
    """The id as it was sent; whatever it was is shown to the caller as text."""
    value = sent.get(field)
    return value if isinstance(value, str) else "" if value is None else str(value)


def keys(items: Sequence[Item]) -> set[str]:
    """The documents that a decision needs. Whose fields are bad has failed without one."""
    return {item.key for item in items if item.key and not item.errors}
