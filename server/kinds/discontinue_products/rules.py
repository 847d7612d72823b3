"""The rules of `batchDiscontinueProducts`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from server.domain.item_error import ItemError
from server.domain.outcome import Failed, failed
from server.domain.product import StockLevel, canonical_id, invalid_product_id, product_not_found
from server.domain.stock_update import LedgerEntry, StockUpdateReason, StockUpdateStatus

ARGUMENT = "productIds"


class DiscontinueItem(Struct, frozen=True, kw_only=True, gc=False):
    """One product id as it was sent; `key` is its canonical spelling, "" if it is no id.

    `created_by` is the caller.
    """

    index: int
    product_id: str
    key: str
    errors: tuple[ItemError, ...]
    created_by: str | None = None


class Discontinued(Struct, frozen=True, kw_only=True, gc=False):
    """The product was discontinued; `stock` is what it had before, and has lost."""

    index: int
    product_id: str
    key: str
    stock: int


class Unchanged(Struct, frozen=True, kw_only=True, gc=False):
    """The product had been discontinued before, which is no failure."""

    index: int
    product_id: str


DiscontinueOutcome = Discontinued | Unchanged | Failed


def discontinue_item(
    index: int, product_id: str, *, created_by: str | None = None
) -> DiscontinueItem:
    """Check one id, without looking at the store."""
    key = canonical_id(product_id)
    return DiscontinueItem(
        index=index,
        product_id=product_id,
        key=key or "",
        errors=() if key else (invalid_product_id(product_id, _path(index)),),
        created_by=created_by,
    )


def decide_discontinuations(
    items: Sequence[DiscontinueItem], levels: Mapping[str, StockLevel]
) -> list[DiscontinueOutcome]:
    """Return the outcome of each id, in input order. A product's second mention is `Unchanged`."""
    running = dict(levels)
    outcomes: list[DiscontinueOutcome] = []
    for item in items:
        outcome = _decide(item, running.get(item.key))
        if isinstance(outcome, Discontinued):
            running[item.key] = StockLevel(stock=0, discontinued=True)
        outcomes.append(outcome)
    return outcomes


def ledger_entry(outcome: Discontinued, created_by: str | None = None) -> LedgerEntry:
    """Return the row that takes the product's stock to 0, so that the ledger's sum still holds."""
    return LedgerEntry(
        product_id=outcome.key,
        quantity=-outcome.stock,
        status=StockUpdateStatus.APPLIED,
        reason=StockUpdateReason.DISCONTINUED,
        new_stock=0,
        index=outcome.index,
        created_by=created_by,
    )


def _decide(item: DiscontinueItem, level: StockLevel | None) -> DiscontinueOutcome:
    if item.errors:
        return failed(item, *item.errors)
    if level is None:
        return failed(item, product_not_found(item.key, _path(item.index)))
    if level.discontinued:
        return Unchanged(index=item.index, product_id=item.product_id)
    return Discontinued(
        index=item.index, product_id=item.product_id, key=item.key, stock=level.stock
    )


def _path(index: int) -> tuple[str, ...]:
    return (ARGUMENT, str(index))
