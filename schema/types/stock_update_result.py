import strawberry

from schema.types.item_error import ItemError

_INDEX = strawberry.field(description="The place of the update in the request, from 0.")
_PRODUCT_ID = strawberry.field(description="The product's id as it was sent.")
_SUCCESS = strawberry.field(description="Whether the update changed the stock.")


@strawberry.interface(
    description="The answer to one update: result *i* answers update *i*. Ask for its fields, or narrow it to "
    "`StockUpdateApplied` or `StockUpdateFailed` on `__typename`."
)
class StockUpdateResult:
    index: int = _INDEX
    product_id: strawberry.ID = _PRODUCT_ID
    success: bool = _SUCCESS
    new_stock: int | None = strawberry.field(
        description="The stock after this update, in pieces; null if it failed."
    )
    error: ItemError | None = strawberry.field(description="Why it failed; null if it did not.")


@strawberry.type(description="The update changed the stock and is in the ledger.")
class StockUpdateApplied(StockUpdateResult):
    index: int = _INDEX
    product_id: strawberry.ID = _PRODUCT_ID
    success: bool = _SUCCESS
    new_stock: int = strawberry.field(description="The stock after this update, in pieces.")
    error: ItemError | None = strawberry.field(description="Always null.")


@strawberry.type(description="The update changed nothing.")
class StockUpdateFailed(StockUpdateResult):
    index: int = _INDEX
    product_id: strawberry.ID = _PRODUCT_ID
    success: bool = _SUCCESS
    new_stock: int | None = strawberry.field(description="Always null.")
    error: ItemError = strawberry.field(description="Why it failed.")
