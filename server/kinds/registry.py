"""All kinds of batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.domain.item_result import Input
from server.domain.outcome import Outcome
from server.domain.stock_update import LedgerEntry
from server.domain.stored_batch import StoredBatch
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.kind import BatchKind, BatchWork, Origin, StoredRows
from server.kinds.outcome_form import OutcomeForm
from server.kinds.update_price.declaration import UPDATE_PRICE
from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK

KINDS: Mapping[str, BatchKind] = {
    kind.name: kind
    for kind in (
        UPDATE_STOCK,
        DISCONTINUE_PRODUCTS,
        UPDATE_PRICE,
        CREATE_PRODUCTS,
        UPDATE_PRODUCTS,
        DELETE_PRODUCTS,
    )
}
_WITH_ROWS = {kind.name: kind.work() for kind in KINDS.values() if kind.pending_row}
KINDS_THAT_WAIT: Sequence[str] = list(_WITH_ROWS)  # in the ledger, until they are run
_FORMS: Sequence[OutcomeForm] = [form for kind in KINDS.values() for form in kind.outcomes]
FORMS_BY_NAME: Mapping[str, OutcomeForm] = {form.stored_as: form for form in _FORMS}
FORMS_BY_TYPE: Mapping[type[Any], OutcomeForm] = {form.outcome: form for form in _FORMS}


def work_of(batch: StoredBatch) -> BatchWork[Any, Any]:
    """Return what runs the chunks of a stored batch."""
    stored = StoredRows(
        batch_id=batch.id,
        first_row=batch.first_row,
        are_stored=batch.was_submitted and batch.first_row is None,
    )
    return KINDS[batch.kind].work(
        batch.settings, Origin(created_by=batch.created_by, stored=stored)
    )


def pending_row(kind: str, index: int, sent: Input) -> LedgerEntry | None:
    """Return the row that a waiting item shows in the ledger; None if it shows none."""
    work = _WITH_ROWS.get(kind)
    return work.pending_row(index, sent) if work is not None else None


def form_of(outcome: Outcome) -> OutcomeForm | None:
    """Return how a success is stored, shown and worded; None for a failure."""
    return FORMS_BY_TYPE.get(type(outcome))
