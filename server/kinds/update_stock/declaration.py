"""The kind `updateStock`, which `batchUpdateStock` runs while the caller waits."""

from server.kinds.item_field import PRODUCT_ID, Cell, ItemField
from server.kinds.kind import BatchKind
from server.kinds.outcome_form import OutcomeForm, plain
from server.kinds.update_stock.effects import UpdateStock
from server.kinds.update_stock.rules import ARGUMENT, Applied, pending_entry

APPLIED = OutcomeForm(
    outcome=Applied,
    stored_as="applied",
    fields=plain("quantity", "new_stock"),
    old_stock=lambda applied: applied.old_stock,
    new_stock=lambda applied: applied.new_stock,
    message=lambda applied, _result: f"Stock is now {applied.new_stock}",
)

UPDATE_STOCK = BatchKind(
    name="updateStock",
    mutation="batchUpdateStock",
    argument=ARGUMENT,
    title="stock update",
    description="Changes the stock of many products.",
    fields=(
        PRODUCT_ID,
        ItemField(name="quantity", cell=Cell.NUMBER, is_column_required=True),
        ItemField(name="expectedStock", cell=Cell.NUMBER),
    ),
    outcomes=(APPLIED,),
    effects=lambda _settings, origin: UpdateStock(origin),
    pending_row=pending_entry,
)
