import strawberry

from schema.types.item_error import LONG_IDS, ItemError
from schema.types.product import LoadProduct, Product


@strawberry.type(description="The result of one item of a stored batch.")
class BatchItemResult:
    index: int = strawberry.field(description="Position of the item in the request, from 0.")
    row: int | None = strawberry.field(
        description="Row of the item in the file that the batch came in; null if it came in none. The first row, which is "
        "the header of a table, is 1."
    )
    product_id: strawberry.ID | None = strawberry.field(
        description="Id of the product as it was sent, or the id of the product that was created; null if there is none. "
        f"{LONG_IDS}"
    )
    success: bool = strawberry.field(description="Whether the item took effect.")
    message: str | None = strawberry.field(
        description='What was done, in words, such as "Stock is now 15"; null if the item failed.'
    )
    old_stock: int | None = strawberry.field(
        description="Stock before the item, in pieces; null if the item failed or did not change the stock."
    )
    new_stock: int | None = strawberry.field(
        description="Stock after the item, in pieces; null if the item failed or did not change the stock."
    )
    tx_id: str | None = strawberry.field(
        description="Id that the receiver of published prices gave to this price; null if it gave none, or if the price has "
        "not been published."
    )
    error: ItemError | None = strawberry.field(
        description="First reason why the item failed; null if it did not fail."
    )
    publication_error: str | None = strawberry.field(
        description="Reason why the price could not be published; null otherwise. The item is a success all the same."
    )
    load_product: strawberry.Private[LoadProduct | None] = None

    @strawberry.field(
        description="The product as it is now, for the caches of clients; null if the item failed, for a dry run, and if the "
        "product does not exist any more."
    )
    async def product(self) -> Product | None:
        if self.load_product is None or not self.success or self.product_id is None:
            return None
        return await self.load_product(self.product_id)
