"""What can be done in the background: exactly one of six."""

import strawberry
from strawberry import UNSET

from schema.inputs.as_sent import as_sent
from schema.inputs.items import (
    CreateProductInput,
    DeleteProductInput,
    StockUpdateInput,
    UpdateProductInput,
)
from server.domain.expiry import LONGEST_EXPIRY_MS
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE
from server.domain.whole_number import MAX_INT

_ITEMS = "1 to 100 000 unless the server is set up otherwise."
_IDS = "24 hexadecimal characters each."
_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"Items per chunk, 1 to {MAX_BATCH_SIZE}. Default: {DEFAULT_BATCH_SIZE}. Each chunk is one "
    "transaction. Items of one product are done in input order, even if they are in several chunks.",
)
_EXPIRE_IN = (
    f"Milliseconds, a whole number from 1 to {LONGEST_EXPIRY_MS}, from the moment at which an item is done, after which "
    "its product disappears, together with its `stockUpdates`. "
)


@strawberry.input(
    description="Stock updates to be done in the background, as by `batchUpdateStock`."
)
class UpdateStockBatch:
    updates: list[StockUpdateInput] = strawberry.field(
        description=f"The changes, {_ITEMS} Several updates of one product apply in input order."
    )
    batch_size: int | None = _BATCH_SIZE


@strawberry.input(
    description="Products to be discontinued in the background, as by `batchDiscontinueProducts`."
)
class DiscontinueProductsBatch:
    product_ids: list[strawberry.ID] = strawberry.field(
        description=f"The products, {_ITEMS} {_IDS}"
    )
    batch_size: int | None = _BATCH_SIZE


@strawberry.input(
    description="A new price for many products. Where the server is set up to publish prices, each one is published "
    "after it has been changed; the price stays changed if that fails."
)
class UpdatePriceBatch:
    product_ids: list[strawberry.ID] = strawberry.field(
        description=f"The products, {_ITEMS} {_IDS} A discontinued one fails."
    )
    new_price: float = strawberry.field(
        description=f"The price of all of them, in whole cents, a whole number from 0 to {MAX_INT}."
    )
    batch_size: int | None = _BATCH_SIZE


@strawberry.input(
    description="Products to be created in the background, as by `batchCreateProducts`."
)
class CreateProductsBatch:
    products: list[CreateProductInput] = strawberry.field(
        description=f"The products to be, {_ITEMS}"
    )
    batch_size: int | None = _BATCH_SIZE
    expire_in: float | None = strawberry.field(
        default=UNSET, description=_EXPIRE_IN + "Default: it stays."
    )


@strawberry.input(
    description="Products to be changed in the background, as by `batchUpdateProducts`."
)
class UpdateProductsBatch:
    updates: list[UpdateProductInput] = strawberry.field(
        description=f"The changes, {_ITEMS} Several updates of one product apply in input order."
    )
    batch_size: int | None = _BATCH_SIZE
    expire_in: float | None = strawberry.field(
        default=UNSET, description=_EXPIRE_IN + "Default: it keeps the expiry that it has, if any."
    )


@strawberry.input(
    description="Products to be deleted in the background, as by `batchDeleteProducts`."
)
class DeleteProductsBatch:
    deletes: list[DeleteProductInput] = strawberry.field(
        description=f"The products to delete, {_ITEMS}"
    )
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="True: the `stockUpdates` of every product go with it. Default: false, only where the item says so.",
    )
    batch_size: int | None = _BATCH_SIZE


@as_sent
@strawberry.input(
    one_of=True,
    description="What is to be done: exactly one of these. An item that fails changes nothing and does not stop the "
    "others.",
)
class BatchOperationInput:
    update_stock: UpdateStockBatch | None = strawberry.field(
        default=UNSET, description="Change the stock of many products."
    )
    discontinue_products: DiscontinueProductsBatch | None = strawberry.field(
        default=UNSET, description="Discontinue many products and take their stock to 0."
    )
    update_price: UpdatePriceBatch | None = strawberry.field(
        default=UNSET, description="Give many products one new price."
    )
    create_products: CreateProductsBatch | None = strawberry.field(
        default=UNSET, description="Create many products."
    )
    update_products: UpdateProductsBatch | None = strawberry.field(
        default=UNSET, description="Change name, price or category of many products."
    )
    delete_products: DeleteProductsBatch | None = strawberry.field(
        default=UNSET, description="Delete many products."
    )
