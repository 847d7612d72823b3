import strawberry

from schema.types.item_error import LONG_IDS, ItemError

_INDEX = strawberry.field(description="Position of the update in the request, from 0.")
_PRODUCT_ID = strawberry.field(description=f"Id of the product as it was sent. {LONG_IDS}")
_SUCCESS = strawberry.field(description="Whether the update was applied.")


@strawberry.interface(
    description="The result of one stock update: result *i* belongs to update *i*. Select its fields directly, or narrow it to "
    "`StockUpdateApplied` or `StockUpdateFailed` by `__typename`."
)
class StockUpdateResult:
    index: int = _INDEX
    product_id: strawberry.ID = _PRODUCT_ID
    success: bool = _SUCCESS
    new_stock: int | None = strawberry.field(
        description="Stock after the update, in pieces; null if it failed."
    )
    error: ItemError | None = strawberry.field(
        description="Reason why the update failed; null if it did not fail."
    )


@strawberry.type(description="A stock update that was applied and is in the ledger.")
class StockUpdateApplied(StockUpdateResult):
    index: int = _INDEX
    product_id: strawberry.ID = _PRODUCT_ID
    success: bool = _SUCCESS
    new_stock: int = strawberry.field(description="Stock after the update, in pieces.")
    error: ItemError | None = strawberry.field(description="Always null.")


@strawberry.type(description="A stock update that failed and changed nothing.")
class StockUpdateFailed(StockUpdateResult):
    index: int = _INDEX
    product_id: strawberry.ID = _PRODUCT_ID
    success: bool = _SUCCESS
    new_stock: int | None = strawberry.field(description="Always null.")
    error: ItemError = strawberry.field(description="Reason why the update failed.")
