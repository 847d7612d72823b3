"""The items of a batch.

A field with a rule of its own has a wide type, so that an invalid value fails its item and not the
whole request.
"""

import strawberry
from strawberry import UNSET

from schema.inputs.as_sent import as_sent
from server.domain.field_check import LONGEST_CATEGORY, LONGEST_NAME
from server.domain.whole_number import MAX_INT

_PRODUCT_ID = strawberry.field(description="Id of the product: 24 hexadecimal characters.")
_NAME = f"Name of the product, 1 to {LONGEST_NAME} characters, not counting white space around them, which is removed."
_PRICE = f"Price in whole cents: a whole number from 0 to {MAX_INT}."
_CATEGORY = f"Category of the product, 1 to {LONGEST_CATEGORY} characters, not counting white space around them, which is removed."


@as_sent
@strawberry.input(description="A change of the stock of one product.")
class StockUpdateInput:
    product_id: strawberry.ID = _PRODUCT_ID
    quantity: float = strawberry.field(
        description=f"Number of pieces to add to the stock, negative to remove: a whole number from {-MAX_INT} to {MAX_INT}. "
        "0 is applied and changes nothing."
    )
    expected_stock: int | None = strawberry.field(
        default=UNSET,
        description="Stock that the product must have just before the update, in pieces; otherwise the update fails with "
        f"`STALE_STOCK`. Stocks are 0 to {MAX_INT}: a negative number always fails. Default: the update applies to any "
        "stock.",
    )


@as_sent
@strawberry.input(description="A product to create.")
class CreateProductInput:
    id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Id of the new product: 24 hexadecimal characters that no other product has. Default: the server makes one.",
    )
    name: str = strawberry.field(description=_NAME)
    price: float = strawberry.field(description=_PRICE)
    stock: float = strawberry.field(
        description=f"Initial stock in pieces: a whole number from 0 to {MAX_INT}. Later only `batchUpdateStock` and "
        "`batchDiscontinueProducts` change it, at once or in the background."
    )
    category: str = strawberry.field(description=_CATEGORY)
    discontinued: bool | None = strawberry.field(
        default=False,
        description="Whether the product is discontinued from the start. True: it accepts no updates, and its stock must be 0. Default: false.",
    )


@as_sent
@strawberry.input(
    description="The fields of a product to change. A field that is left out stays as it is; a field that is null is invalid."
)
class ProductPatch:
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    price: float | None = strawberry.field(default=UNSET, description=_PRICE)
    category: str | None = strawberry.field(default=UNSET, description=_CATEGORY)


@as_sent
@strawberry.input(description="A change of one product.")
class UpdateProductInput:
    product_id: strawberry.ID = _PRODUCT_ID
    data: ProductPatch = strawberry.field(description="The fields to change, at least one.")


@as_sent
@strawberry.input(description="A product to delete.")
class DeleteProductInput:
    product_id: strawberry.ID = _PRODUCT_ID
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="Whether to delete the ledger rows (`stockUpdates`) of the product with it. True: they are deleted. Default: "
        "false; a product that has ledger rows then fails with `HAS_STOCK_UPDATES`, unless the option `cascadeDelete` of "
        "the batch is true.",
    )
