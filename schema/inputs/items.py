"""The items of a batch. A number or text that has a rule is taken as it comes, so that it fails its item."""

import strawberry
from strawberry import UNSET

from schema.inputs.as_sent import as_sent
from server.domain.field_check import LONGEST_CATEGORY, LONGEST_NAME
from server.domain.whole_number import MAX_INT

_NAME = f"1 to {LONGEST_NAME} characters, without the white space around them."
_PRICE = f"In whole cents, a whole number from 0 to {MAX_INT}."
_CATEGORY = f"1 to {LONGEST_CATEGORY} characters, without the white space around them."


@as_sent
@strawberry.input(description="A change of one product's stock.")
class StockUpdateInput:
    product_id: strawberry.ID = strawberry.field(
        description="The product: 24 hexadecimal characters."
    )
    quantity: float = strawberry.field(
        description=f"How many pieces are added to the stock: a whole number from {-MAX_INT} to {MAX_INT}. "
        "0 applies and changes nothing."
    )
    expected_stock: int | None = strawberry.field(
        default=UNSET,
        description="The update applies only if the stock is this many pieces just before it, and fails with "
        f"`STALE_STOCK` otherwise. Stocks are 0 to {MAX_INT}: a negative number always fails. Default: it applies to any "
        "stock.",
    )


@as_sent
@strawberry.input(description="A product to be.")
class CreateProductInput:
    id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="24 hexadecimal characters that no other product has. Default: a new one.",
    )
    name: str = strawberry.field(description=_NAME)
    price: float = strawberry.field(description=_PRICE)
    stock: float = strawberry.field(
        description=f"How many pieces there are, a whole number from 0 to {MAX_INT}. From here on only `batchUpdateStock` and "
        "`batchDiscontinueProducts` change it."
    )
    category: str = strawberry.field(description=_CATEGORY)
    discontinued: bool | None = strawberry.field(
        default=False,
        description="True: it takes no updates, and its stock must be 0. Default: false.",
    )


@as_sent
@strawberry.input(
    description="The fields to change. One that is left out stays as it is; null is no value for any of them."
)
class ProductPatch:
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    price: float | None = strawberry.field(default=UNSET, description=_PRICE)
    category: str | None = strawberry.field(default=UNSET, description=_CATEGORY)


@as_sent
@strawberry.input(description="A change of one product.")
class UpdateProductInput:
    product_id: strawberry.ID = strawberry.field(
        description="The product: 24 hexadecimal characters."
    )
    data: ProductPatch = strawberry.field(description="At least one field.")


@as_sent
@strawberry.input(description="A product to delete.")
class DeleteProductInput:
    product_id: strawberry.ID = strawberry.field(
        description="The product: 24 hexadecimal characters."
    )
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="True: its `stockUpdates` go with it. Default: false, and then a product that has some fails with "
        "`HAS_STOCK_UPDATES`, unless the option of the same name is true.",
    )
