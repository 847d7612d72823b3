"""Which entries of a list."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from server.domain.batch_operation import BatchOperationStatus, BatchOperationType
from server.domain.stock_update import StockUpdateStatus


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


@strawberry.input(description="Which background batches; all that is given must hold.")
class BatchOperationFilter:
    status: BatchOperationStatus | None = strawberry.field(
        default=UNSET, description="Batches in this state."
    )
    operation_type: BatchOperationType | None = strawberry.field(
        default=UNSET, description="Batches that do this."
    )
