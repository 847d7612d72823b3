"""The inputs. A number or text that has a rule is taken as it comes, so that it fails its item.

What may be left out is `UNSET` then, so that the schema shows no default of null.
"""

from datetime import datetime

import strawberry
from strawberry import UNSET

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
