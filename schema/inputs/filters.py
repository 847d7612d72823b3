"""The filters of lists."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import UNSET

from schema.enums import BatchOperationStatus, BatchOperationType
from server.domain.stock_update import StockUpdateStatus
from server.domain.whole_number import MAX_INT

_NO_INDEX = "The stock has no index, which keeps stock updates fast: each page reads every product that the other filters match."


@strawberry.input(
    description="A filter for products. A product must match all the fields that are set."
)
class ProductFilter:
    category: str | None = strawberry.field(
        default=UNSET,
        description="Only products of exactly this category, at most 1 000 characters.",
    )
    discontinued: bool | None = strawberry.field(
        default=UNSET,
        description="Whether to return discontinued products. True: only these. False: only the others. Default: all.",
    )
    stock_at_least: int | None = strawberry.field(
        default=UNSET,
        description="Only products with a stock of this many pieces or more. Stocks are "
        f"0 to {MAX_INT}: a negative number matches all products. {_NO_INDEX}",
    )
    stock_at_most: int | None = strawberry.field(
        default=UNSET,
        description="Only products with a stock of this many pieces or less. Stocks are "
        f"0 to {MAX_INT}: a negative number matches no product. {_NO_INDEX}",
    )
    name_prefix: str | None = strawberry.field(
        default=UNSET,
        description="Only products whose name begins with this text, at most 1 000 characters. Upper and lower case differ.",
    )
    name_contains: str | None = strawberry.field(
        default=UNSET,
        description="Only products whose name has this text in it, at most 1 000 characters. Upper and lower case are the same. "
        "The database looks through the index of the names until the page is full.",
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET,
        description="Only products with one of these ids, at most 1 000, 24 hexadecimal characters each.",
    )


@strawberry.input(
    description="A filter for stock updates. A stock update must match all the fields that are set."
)
class StockUpdateFilter:
    product_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Only updates of the product with this id: 24 hexadecimal characters.",
    )
    status: StockUpdateStatus | None = strawberry.field(
        default=UNSET, description="Only updates in this state."
    )
    batch_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Only updates of the stored batch with this id, in input order: 24 hexadecimal characters.",
    )
    since: datetime | None = strawberry.field(
        default=UNSET, description="Only updates at this time or later."
    )
    until: datetime | None = strawberry.field(
        default=UNSET, description="Only updates before this time."
    )


@strawberry.input(
    description="A filter for stored batches. A batch must match all the fields that are set."
)
class BatchOperationFilter:
    status: BatchOperationStatus | None = strawberry.field(
        default=UNSET, description="Only batches in this state."
    )
    operation_type: Enum | None = strawberry.field(
        default=UNSET,
        graphql_type=BatchOperationType | None,
        description="Only batches of this kind.",
    )
