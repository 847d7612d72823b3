import strawberry

from schema.types.item_error import ItemError


@strawberry.type(description="What became of one item of a stored batch.")
class BatchItemResult:
    index: int = strawberry.field(description="Its place in the request, from 0.")
    product_id: strawberry.ID | None = strawberry.field(
        description="The product's id as it was sent, or that of the product that was created; null if there is none."
    )
    success: bool = strawberry.field(description="Whether it took effect.")
    message: str | None = strawberry.field(
        description='What was done, as in "Stock is now 15"; null if it failed.'
    )
    new_stock: int | None = strawberry.field(
        description="The stock after it, in pieces; null if it failed or did not change the stock."
    )
    tx_id: str | None = strawberry.field(
        description="The id that the receiver of published prices gave to this one; null if it gave none, or has not got it yet."
    )
    error: ItemError | None = strawberry.field(
        description="Why it failed, the first reason; null if it did not."
    )
    publication_error: str | None = strawberry.field(
        description="Why the price could not be published; null otherwise. The item is a success all the same."
    )
