"""Which entries of a list."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from schema.enums import BatchOperationStatus, BatchOperationType
from server.domain.stock_update import StockUpdateStatus
from server.domain.whole_number import MAX_INT

_NO_INDEX = "No index has the stock, so that stock updates are fast: every product that the other filters leave is looked at."


@strawberry.input(description="Which products; all that is given must hold.")
class ProductFilter:
    category: str | None = strawberry.field(
        default=UNSET, description="Exactly this category, at most 1 000 characters."
    )
    discontinued: bool | None = strawberry.field(
        default=UNSET, description="True: only discontinued ones. False: only the others."
    )
    stock_at_least: int | None = strawberry.field(
        default=UNSET,
        description=f"A stock of this many pieces or more. Stocks are 0 to {MAX_INT}: a negative number is met by all. {_NO_INDEX}",
    )
    stock_at_most: int | None = strawberry.field(
        default=UNSET,
        description=f"A stock of this many pieces or less. Stocks are 0 to {MAX_INT}: a negative number is met by none. {_NO_INDEX}",
    )
    name_prefix: str | None = strawberry.field(
        default=UNSET,
        description="The name begins with this, upper and lower case told apart. At most 1 000 characters.",
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET,
        description="One of these products, at most 1 000, 24 hexadecimal characters each.",
    )


@strawberry.input(description="Which stock updates; all that is given must hold.")
class StockUpdateFilter:
    product_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Updates of this product: 24 hexadecimal characters."
    )
    status: StockUpdateStatus | None = strawberry.field(
        default=UNSET, description="Updates in this state."
    )
    batch_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Updates of this stored batch, in input order: 24 hexadecimal characters.",
    )
    since: datetime | None = strawberry.field(default=UNSET, description="At this time or later.")
    until: datetime | None = strawberry.field(default=UNSET, description="Before this time.")


@strawberry.input(description="Which stored batches; all that is given must hold.")
class BatchOperationFilter:
    status: BatchOperationStatus | None = strawberry.field(
        default=UNSET, description="Batches in this state."
    )
    operation_type: BatchOperationType | None = strawberry.field(
        default=UNSET, description="Batches that do this."
    )
