"""The batches that can be submitted: one input for each kind, and `BatchOperationInput` for all."""

from typing import Any

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
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.kind import BatchKind
from server.kinds.update_price.declaration import UPDATE_PRICE
from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK

_LIMIT = "1 to 100 000 unless the server is set up otherwise."
_IDS = f"Ids of the products, {_LIMIT} 24 hexadecimal characters each."
_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"Number of items per chunk, 1 to {MAX_BATCH_SIZE}. Default: {DEFAULT_BATCH_SIZE}. Each chunk is one "
    "transaction. Items of one product are processed in input order, even if they are in several chunks.",
)
_DRY_RUN = strawberry.field(
    default=UNSET,
    description="Whether to preview the batch. True: it runs in the background as usual, and its results are what "
    "applying it now would give, chunk after chunk; but nothing of it is kept except these results. Default: false.",
)
_EXPIRE_IN = (
    "Time until a product expires, in milliseconds from the moment at which its item is processed: a whole number from 1 to "
    f"{LONGEST_EXPIRY_MS}. An expired product disappears together with its ledger rows (`stockUpdates`). "
)


@strawberry.input(
    description="A batch of stock updates in the background. `batchUpdateStock` does the same while the caller waits."
)
class UpdateStockBatch:
    updates: list[StockUpdateInput] = strawberry.field(
        description=f"The stock updates, {_LIMIT} Several updates of one product apply in input order."
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(
    description="A batch that discontinues products in the background. `batchDiscontinueProducts` does the same while the caller waits."
)
class DiscontinueProductsBatch:
    product_ids: list[strawberry.ID] = strawberry.field(description=_IDS)
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(
    description="A batch that gives many products one new price, in the background. If the server is set up to publish "
    "prices, each price is published after it has changed; the price stays changed if that fails."
)
class UpdatePriceBatch:
    product_ids: list[strawberry.ID] = strawberry.field(
        description=f"{_IDS} A discontinued product fails."
    )
    new_price: float = strawberry.field(
        description=f"New price of all the products, in whole cents: a whole number from 0 to {MAX_INT}."
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(
    description="A batch that creates products in the background. `batchCreateProducts` does the same while the caller waits."
)
class CreateProductsBatch:
    products: list[CreateProductInput] = strawberry.field(
        description=f"The products to create, {_LIMIT}"
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN
    expire_in: float | None = strawberry.field(
        default=UNSET, description=_EXPIRE_IN + "Default: the products do not expire."
    )


@strawberry.input(
    description="A batch that changes products in the background. `batchUpdateProducts` does the same while the caller waits."
)
class UpdateProductsBatch:
    updates: list[UpdateProductInput] = strawberry.field(
        description=f"The product updates, {_LIMIT} Several updates of one product apply in input order."
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN
    expire_in: float | None = strawberry.field(
        default=UNSET,
        description=_EXPIRE_IN + "Default: each product keeps the expiry that it has, if any.",
    )


@strawberry.input(
    description="A batch that deletes products in the background. `batchDeleteProducts` does the same while the caller waits."
)
class DeleteProductsBatch:
    deletes: list[DeleteProductInput] = strawberry.field(
        description=f"The products to delete, {_LIMIT}"
    )
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="Whether to delete the ledger rows (`stockUpdates`) of all products of the batch. True: they are deleted "
        "with their products. Default: false, only those of items with `cascadeDelete`.",
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


def _batch(kind: BatchKind) -> Any:
    return strawberry.field(default=UNSET, description=kind.description)


@as_sent
@strawberry.input(
    one_of=True,
    description="A batch to run in the background: exactly one of these fields. An item that fails changes nothing and does "
    "not stop the others.",
)
class BatchOperationInput:
    update_stock: UpdateStockBatch | None = _batch(UPDATE_STOCK)
    discontinue_products: DiscontinueProductsBatch | None = _batch(DISCONTINUE_PRODUCTS)
    update_price: UpdatePriceBatch | None = _batch(UPDATE_PRICE)
    create_products: CreateProductsBatch | None = _batch(CREATE_PRODUCTS)
    update_products: UpdateProductsBatch | None = _batch(UPDATE_PRODUCTS)
    delete_products: DeleteProductsBatch | None = _batch(DELETE_PRODUCTS)
