import strawberry

from server.domain.item_error import ItemErrorCode


@strawberry.type(description="Why one item of a batch failed.")
class ItemError:
    code: ItemErrorCode = strawberry.field(
        description="For programs: which of the known reasons it is."
    )
    message: str = strawberry.field(description="For people: what is wrong, and with what.")
    path: list[str] = strawberry.field(
        description='Where the culprit stands in the arguments, as in `["updates", "3", "quantity"]`.'
    )
    retryable: bool = strawberry.field(
        description="Whether sending the same item again can succeed by itself."
    )
    current_stock: int | None = strawberry.field(
        description="The stock that the item met, in pieces, where that is what it failed on; null otherwise."
    )


@strawberry.type(description="An item that failed and changed nothing.")
class FailedItem:
    index: int = strawberry.field(description="Its place in the request, from 0.")
    product_id: strawberry.ID | None = strawberry.field(
        description="The product's id as it was sent; null if none was, as for a product to be created."
    )
    error: ItemError = strawberry.field(description="The first of `errors`.")
    errors: list[ItemError] = strawberry.field(description="All that is wrong with the item.")


@strawberry.type(description="An item whose product does not exist. It changed nothing.")
class NotFoundItem:
    index: int = strawberry.field(description="Its place in the request, from 0.")
    product_id: strawberry.ID = strawberry.field(description="The product's id as it was sent.")
