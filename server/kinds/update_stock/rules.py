"""The rules of `batchUpdateStock`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from server.domain.field_check import FieldCheck
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed, failed
from server.domain.product import StockLevel, canonical_id, product_discontinued, product_not_found
from server.domain.stock_update import LedgerEntry, StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT, not_whole, whole_number

ARGUMENT = "updates"


class StockItem(Struct, frozen=True, kw_only=True, gc=False):
    """One update with checked fields; if `errors` is not empty, do not use the values.

    `product_id` is as the caller sent it. `key` is its canonical spelling, "" if it is no id.
    `created_by` is the caller.
    """

    index: int
    product_id: str
    key: str
    quantity: int
    expected_stock: int | None
    errors: tuple[ItemError, ...]
    created_by: str | None = None


class Applied(Struct, frozen=True, kw_only=True, gc=False):
    """The update took effect and left a stock of `new_stock`."""

    index: int
    product_id: str
    key: str
    quantity: int
    new_stock: int

    @property
    def old_stock(self) -> int:
        """Return the stock that the update found."""
        return self.new_stock - self.quantity


StockOutcome = Applied | Failed


def stock_item(
    index: int,
    product_id: str,
    quantity: object,
    expected_stock: object = None,
    *,
    created_by: str | None = None,
) -> StockItem:
    """Check the fields of one update, without looking at the store."""
    key, checked = canonical_id(product_id), _quantity(quantity)
    if key is None or checked is None or expected_stock is not None:
        item = _checked_item(index, product_id, quantity, expected_stock)
        return item if created_by is None else structs.replace(item, created_by=created_by)
    return StockItem(
        index=index,
        product_id=product_id,
        key=key,
        quantity=checked,
        expected_stock=None,
        errors=(),
        created_by=created_by,
    )


def _checked_item(
    index: int, product_id: str, quantity: object, expected_stock: object
) -> StockItem:
    """Return the item with all of its errors. Most items have none, so few come here."""
    fields = FieldCheck(ARGUMENT, index)
    key = fields.product_id("productId", product_id)
    checked = check_quantity(quantity, _path(index, "quantity"))
    if isinstance(checked, ItemError):
        fields.errors.append(checked)
    return StockItem(
        index=index,
        product_id=product_id,
        key=key,
        quantity=0 if isinstance(checked, ItemError) else checked,
        expected_stock=fields.expected_stock(expected_stock),
        errors=tuple(fields.errors),
    )


def check_quantity(value: object, path: tuple[str, ...]) -> int | ItemError:
    """Return the quantity, which may be negative, or the error that says what is wrong with it.

    Source: seed 1, "quantity changes must be whole numbers".
    """
    quantity = _quantity(value)
    if quantity is not None:
        return quantity
    return ItemError(
        code=ItemErrorCode.INVALID_QUANTITY,
        message=f"The quantity {not_whole(value, least=-MAX_INT, most=MAX_INT)}.",
        path=path,
    )


def _quantity(value: object) -> int | None:
    return whole_number(value, least=-MAX_INT, most=MAX_INT)


def decide_stock_updates(
    items: Sequence[StockItem], levels: Mapping[str, StockLevel]
) -> list[StockOutcome]:
    """Decide the updates in input order; each sees the stock that the applied ones before it left.

    `levels` holds the products that exist, by their id.
    """
    running = dict(levels)
    outcomes: list[StockOutcome] = []
    for item in items:
        outcome = _decide(item, running.get(item.key))
        if isinstance(outcome, Applied):
            running[item.key] = StockLevel(stock=outcome.new_stock, discontinued=False)
        outcomes.append(outcome)
    return outcomes


def pending_entry(item: StockItem) -> LedgerEntry:
    """Return the ledger row of an update that waits in a stored batch."""
    return LedgerEntry(
        product_id=item.key,
        quantity=item.quantity,
        status=StockUpdateStatus.PENDING,
        reason=StockUpdateReason.ADJUSTMENT,
        index=item.index,
        created_by=item.created_by,
    )


def ledger_entry(item: StockItem, outcome: StockOutcome) -> LedgerEntry:
    """Return the ledger row that the update leaves, applied or failed."""
    if isinstance(outcome, Applied):
        return LedgerEntry(
            product_id=item.key,
            quantity=item.quantity,
            status=StockUpdateStatus.APPLIED,
            reason=StockUpdateReason.ADJUSTMENT,
            new_stock=outcome.new_stock,
            index=item.index,
            created_by=item.created_by,
        )
    return LedgerEntry(
        product_id=item.key,
        quantity=item.quantity,
        status=StockUpdateStatus.FAILED,
        reason=StockUpdateReason.ADJUSTMENT,
        code=outcome.error.code,
        error=outcome.error.message,
        index=item.index,
        created_by=item.created_by,
    )


def net_changes(outcomes: Sequence[StockOutcome]) -> dict[str, int]:
    """Return the sum of each product's applied quantities; it is 0 if they cancel out.

    A product without an applied update is left out.
    """
    changes: dict[str, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, Applied):
            changes[outcome.key] = changes.get(outcome.key, 0) + outcome.quantity
    return changes


def _decide(item: StockItem, level: StockLevel | None) -> StockOutcome:
    if item.errors:
        return failed(item, *item.errors)
    if level is None:
        return failed(item, product_not_found(item.key, _path(item.index, "productId")))
    fault = _fault(item, level)
    if fault:
        return failed(item, fault)
    return Applied(
        index=item.index,
        product_id=item.product_id,
        key=item.key,
        quantity=item.quantity,
        new_stock=level.stock + item.quantity,
    )


def _fault(item: StockItem, level: StockLevel) -> ItemError | None:
    """Return why an existing product does not take the update; None if it does."""
    if level.discontinued:
        return product_discontinued(item.key, _path(item.index, "productId"))
    if item.expected_stock is not None and item.expected_stock != level.stock:
        return _stale(item, level.stock)
    if level.stock + item.quantity < 0:
        return _insufficient(item, level.stock)
    if level.stock + item.quantity > MAX_INT:
        return _over_the_limit(item, level.stock)
    return None


def _stale(item: StockItem, stock: int) -> ItemError:
    return ItemError(
        code=ItemErrorCode.STALE_STOCK,
        message=f"The stock is {stock}, not the expected {item.expected_stock}.",
        path=_path(item.index, "expectedStock"),
        current_stock=stock,
    )


def _insufficient(item: StockItem, stock: int) -> ItemError:
    return ItemError(
        code=ItemErrorCode.INSUFFICIENT_STOCK,
        message=f"The stock is {stock}: {-item.quantity} cannot be taken from it.",
        path=_path(item.index, "quantity"),
        current_stock=stock,
    )


def _over_the_limit(item: StockItem, stock: int) -> ItemError:
    return ItemError(
        code=ItemErrorCode.STOCK_LIMIT_EXCEEDED,
        message=f"The stock is {stock}: {item.quantity} more would exceed {MAX_INT}.",
        path=_path(item.index, "quantity"),
        current_stock=stock,
    )


def _path(index: int, field: str) -> tuple[str, ...]:
    return (ARGUMENT, str(index), field)
