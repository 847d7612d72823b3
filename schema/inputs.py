"""The inputs. A number or text that has a rule is taken as it comes, so that it fails its item.

What may be left out is `UNSET` then, so that the schema shows no default of null.
"""

from datetime import datetime

import strawberry
from strawberry import UNSET

from server.domain.expiry import LONGEST_EXPIRY_MS
from server.domain.field_check import LONGEST_CATEGORY, LONGEST_NAME
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE
from server.domain.stock_update import StockUpdateStatus
from server.domain.whole_number import MAX_INT

_ATOMIC = strawberry.field(
    default=UNSET,
    description="True: the whole request is one transaction, all or nothing; if an item fails, it is "
    "named and every other one is `ROLLED_BACK`. At most 5 000 items, unless the server is set up "
    "otherwise. Default: false, one transaction per chunk.",
)
_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"Items per chunk, 1 to {MAX_BATCH_SIZE}. Default: {DEFAULT_BATCH_SIZE}. Items of one "
    "product stay together, so a product that is named more often makes its chunk larger. Without "
    "meaning if `atomic`.",
)
_DRY_RUN = strawberry.field(
    default=UNSET,
    description="True: everything runs, and is rolled back; the answer is what it would have been. "
    "Default: false.",
)
_ATOMIC_WRITE = strawberry.field(
    default=UNSET,
    description="True: the whole request is one transaction, of at most 5 000 items unless the server is set up "
    "otherwise. False: one transaction per chunk. Default: true.",
)
_CONTINUE_ON_ERROR = strawberry.field(
    default=UNSET,
    description="True: items that fail are taken out and the others go on; with `atomic` the others still take effect "
    "all together or not at all. False: with `atomic` nothing takes effect, all culprits are named and the others "
    "are `ROLLED_BACK`; without it, what stands before the first failure stays, and what stands behind it is "
    "`NOT_ATTEMPTED`. A product that does not exist is a failure too. Default: false.",
)
_RETURN_PARTIAL_RESULTS = strawberry.field(
    default=UNSET,
    description="True: the products that succeeded are returned even if others failed. Counts and failures always "
    "are. Default: false.",
)
_VALIDATE_BEFORE_WRITE = strawberry.field(
    default=UNSET,
    description="True: the fields of the whole batch are checked before anything is written; if one is bad and both "
    "`atomic` and `continueOnError` are false, nothing is. False: the fields of each chunk are checked as it is "
    "written. Default: true.",
)
_EXPIRE_IN = (
    f"Milliseconds from now, a whole number from 1 to {LONGEST_EXPIRY_MS}, after which the products disappear, "
    "together with their `stockUpdates`. "
)
_CREATE_EXPIRE_IN = strawberry.field(default=UNSET, description=_EXPIRE_IN + "Default: they stay.")
_UPDATE_EXPIRE_IN = strawberry.field(
    default=UNSET, description=_EXPIRE_IN + "Default: each keeps the expiry that it has, if any."
)
_NAME = f"1 to {LONGEST_NAME} characters, without the white space around them."
_PRICE = f"In whole cents, 0 to {MAX_INT}."
_CATEGORY = f"1 to {LONGEST_CATEGORY} characters, without the white space around them."


@strawberry.input(description="A change of one product's stock.")
class StockUpdateInput:
    product_id: strawberry.ID = strawberry.field(
        description="The product: 24 hexadecimal characters."
    )
    quantity: float = strawberry.field(
        description=f"What is added to the stock: a whole number from {-MAX_INT} to {MAX_INT}. "
        "0 applies and changes nothing."
    )
    expected_stock: int | None = strawberry.field(
        default=UNSET,
        description="If given, the update applies only if the stock is this just before it, and "
        "fails with `STALE_STOCK` otherwise.",
    )


@strawberry.input(description="How `batchUpdateStock` goes about it.")
class BatchStockOptions:
    atomic: bool | None = _ATOMIC
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchDiscontinueProducts` goes about it.")
class BatchDiscontinueOptions:
    atomic: bool | None = _ATOMIC
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="A product to be.")
class CreateProductInput:
    id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="24 hexadecimal characters that no other product has. Default: a new one.",
    )
    name: str = strawberry.field(description=_NAME)
    price: float = strawberry.field(description=_PRICE)
    stock: float = strawberry.field(
        description=f"How many there are, 0 to {MAX_INT}. From here on only `batchUpdateStock` and "
        "`batchDiscontinueProducts` change it."
    )
    category: str = strawberry.field(description=_CATEGORY)
    discontinued: bool | None = strawberry.field(
        default=False, description="True: it takes no updates, and its stock must be 0."
    )


@strawberry.input(
    description="The fields to change. One that is left out stays as it is; null is no value for any of them."
)
class ProductPatch:
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    price: float | None = strawberry.field(default=UNSET, description=_PRICE)
    category: str | None = strawberry.field(default=UNSET, description=_CATEGORY)


@strawberry.input(description="A change of one product.")
class UpdateProductInput:
    product_id: strawberry.ID = strawberry.field(
        description="The product: 24 hexadecimal characters."
    )
    data: ProductPatch = strawberry.field(description="At least one field.")


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


@strawberry.input(description="How `batchCreateProducts` goes about it.")
class BatchCreateOptions:
    atomic: bool | None = _ATOMIC_WRITE
    continue_on_error: bool | None = _CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    validate_before_write: bool | None = _VALIDATE_BEFORE_WRITE
    batch_size: int | None = _BATCH_SIZE
    expire_in: float | None = _CREATE_EXPIRE_IN
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchUpdateProducts` goes about it.")
class BatchUpdateOptions:
    atomic: bool | None = _ATOMIC_WRITE
    continue_on_error: bool | None = _CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    validate_before_write: bool | None = _VALIDATE_BEFORE_WRITE
    batch_size: int | None = _BATCH_SIZE
    expire_in: float | None = _UPDATE_EXPIRE_IN
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchDeleteProducts` goes about it.")
class BatchDeleteOptions:
    atomic: bool | None = _ATOMIC_WRITE
    continue_on_error: bool | None = _CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    return_deleted_items: bool | None = strawberry.field(
        default=UNSET,
        description="True: the products are returned as they were. Default: false, only counted.",
    )
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="True: the `stockUpdates` of every product go with it, at most 100 000 in one transaction. Default: "
        "false, only where the item says so.",
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="Which products; all that is given must hold.")
class ProductFilter:
    category: str | None = strawberry.field(default=UNSET, description="Exactly this category.")
    discontinued: bool | None = strawberry.field(
        default=UNSET, description="True: only discontinued ones. False: only the others."
    )
    stock_at_least: int | None = strawberry.field(
        default=UNSET, description="A stock of this or more."
    )
    stock_at_most: int | None = strawberry.field(
        default=UNSET, description="A stock of this or less."
    )
    name_prefix: str | None = strawberry.field(
        default=UNSET, description="The name begins with this, upper and lower case told apart."
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="One of these products, at most 1 000."
    )


@strawberry.input(description="Which stock updates; all that is given must hold.")
class StockUpdateFilter:
    product_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Updates of this product."
    )
    status: StockUpdateStatus | None = strawberry.field(
        default=UNSET, description="Updates that ended so."
    )
    batch_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Updates of this batch, in input order."
    )
    since: datetime | None = strawberry.field(default=UNSET, description="At this time or later.")
    until: datetime | None = strawberry.field(default=UNSET, description="Before this time.")
