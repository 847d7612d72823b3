"""What a kind of batch declares, once for every layer."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from server.domain.errors import briefly, cut
from server.domain.item_error import ItemError
from server.domain.item_result import Input
from server.domain.outcome import Failed, Outcome
from server.domain.product import canonical_id
from server.domain.stock_update import LedgerEntry
from server.kinds.item_field import ItemField
from server.kinds.kind_option import KindOption
from server.kinds.outcome_form import OutcomeForm
from server.mongo.transaction import Transaction

_SLICE = 2_000  # items
_UPPER_CASE = re.compile(r"(?<!^)([A-Z])")

Settings = Mapping[str, Any]  # the values of a kind's options, as they are stored


class Item(Protocol):
    """One checked input of a batch.

    `key` is the product that the item is about, in its one spelling; "" if it names none. An item
    with `errors` has failed already, whatever the database holds.
    """

    @property
    def index(self) -> int: ...
    @property
    def product_id(self) -> str | None: ...
    @property
    def key(self) -> str: ...
    @property
    def errors(self) -> tuple[ItemError, ...]: ...


ItemT = TypeVar("ItemT", bound=Item)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Effects(Protocol[ItemT, OutcomeT]):
    """What a batch of one kind reads, decides and writes.

    `decide` and `write` run inside a transaction, may run several times, and let the driver's
    errors through. Both get the same `now`.
    """

    def item(self, index: int, sent: Input) -> ItemT:
        """Check an item as it was sent, with values of any type, and return it with its errors."""
        ...

    async def decide(
        self, transaction: Transaction, items: Sequence[ItemT], now: datetime
    ) -> Sequence[OutcomeT]:
        """Read what the rules need, apply them, and return one outcome per item, in order.

        An outcome may depend on earlier items, never on later ones.
        """
        ...

    async def write(
        self,
        transaction: Transaction,
        items: Sequence[ItemT],
        outcomes: Sequence[OutcomeT | Failed],
        now: datetime,
    ) -> None:
        """Write what follows from the outcomes. A failure may leave a record, and nothing else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRows:
    """How a stored batch appears in the ledger.

    `first_row` is that of `StoredBatch`. `are_stored`: its rows are in the ledger already, as
    pending.
    """

    batch_id: str
    first_row: str | None = None
    are_stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the ledger rows of a batch come from: the caller, and the batch if it is stored."""

    created_by: str | None = None
    stored: StoredRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchKind:
    """What one kind of batch does, how callers name it, and how its items and outcomes look.

    `name` stands in GraphQL's `BatchOperationInput` and in `batchOperations`. `mutation` stands in
    metrics and in the log, `argument` is the list of items in every request, `title` a noun for
    sentences, and `description` a sentence for the schema. `effects` makes the kind's effects from
    the settings of one batch and its origin. `pending_row` is the row that
    an item leaves in the ledger while it waits; None if the kind leaves none.
    """

    name: str
    mutation: str
    argument: str
    title: str
    description: str
    fields: Sequence[ItemField]
    outcomes: Sequence[OutcomeForm]
    effects: Callable[[Settings, Origin], Effects[Any, Any]]
    options: Sequence[KindOption] = ()
    pending_row: Callable[[Any], LedgerEntry] | None = None

    @property
    def constant(self) -> str:
        """Return the name as GraphQL writes enum values: UPDATE_STOCK."""
        return _UPPER_CASE.sub(r"_\1", self.name).upper()

    @property
    def path(self) -> str:
        """Return the name as REST's paths write it: update-stock."""
        return _UPPER_CASE.sub(r"-\1", self.name).lower()

    @property
    def id_field(self) -> str:
        """Return the field that holds the id of an item's product: the first."""
        return self.fields[0].name

    @property
    def is_published(self) -> bool:
        """Return whether every success of the kind is published: all of its outcomes say how."""
        return all(form.published is not None for form in self.outcomes)

    @property
    def takes_ids(self) -> bool:
        """Return whether an item is a product id and nothing else."""
        return len(self.fields) == 1

    @property
    def objects(self) -> Set[str]:
        """Return the names of an item's fields that are objects of plain fields."""
        return {field.parent for field in self.fields if field.parent is not None}

    def key_of(self, sent: Input) -> str:
        """Return the `key` of an item, without checking the rest of it."""
        product_id = sent.get(self.id_field)
        return (canonical_id(product_id) or "") if isinstance(product_id, str) else ""

    def work(
        self, settings: Settings | None = None, origin: Origin | None = None
    ) -> "BatchWork[Any, Any]":
        """Return the work of one batch. `settings` are checked values, or were stored as such."""
        settings = settings or {}
        return BatchWork(
            kind=self, settings=settings, effects=self.effects(settings, origin or Origin())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWork(Generic[ItemT, OutcomeT]):
    """A kind with the settings of one batch, ready to run."""

    kind: BatchKind
    settings: Settings
    effects: Effects[ItemT, OutcomeT]

    def by(self, created_by: str) -> "BatchWork[ItemT, OutcomeT]":
        """Return the same work, sent by this caller and not stored."""
        return self.kind.work(self.settings, Origin(created_by=created_by))

    async def items(self, inputs: Sequence[Input]) -> list[ItemT]:
        """Return the checked items of a whole request, in its order. Long ones are made in slices.

        Between these, other requests are answered: 10 000 items that are wrong take 50 ms.
        """
        made: list[ItemT] = []
        for start in range(0, len(inputs), _SLICE):
            if start:
                await asyncio.sleep(0)
            part = inputs[start : start + _SLICE]
            made += [self.effects.item(index, sent) for index, sent in enumerate(part, start)]
        return made

    def pending_row(self, index: int, sent: Input) -> LedgerEntry | None:
        """Return the row that an item shows in the ledger while it waits; None if it shows none."""
        if self.kind.pending_row is None:
            return None
        item = self.effects.item(index, sent)
        return self.kind.pending_row(item) if item.key else None


def sent_id(sent: Input, field: str = "productId") -> str:
    """Return the id as text, whatever was sent. Results and messages show it, so a long one is cut.

    What is cut is longer than any id, and so is what remains of it.
    """
    value = sent.get(field)
    if isinstance(value, str):
        return cut(value)
    return "" if value is None else briefly(value)


def product_keys(items: Sequence[Item]) -> set[str]:
    """Return the products to read for a decision; items with invalid fields need none."""
    return {item.key for item in items if item.key and not item.errors}
