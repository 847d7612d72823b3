"""What lists of products and of stock updates can be narrowed by, and their orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from server.domain.batch_operation import BatchOperationStatus, BatchOperationType
from server.domain.stock_update import StockUpdateStatus


class ProductOrder(Enum):
    CREATED_ASC = "CREATED_ASC"
    CREATED_DESC = "CREATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    STOCK_ASC = "STOCK_ASC"
    STOCK_DESC = "STOCK_DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """All that is set must hold; `ids` are in their one spelling."""

    category: str | None = None
    discontinued: bool | None = None
    stock_at_least: int | None = None
    stock_at_most: int | None = None
    name_prefix: str | None = None
    ids: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockUpdateFilter:
    """All that is set must hold; `since` is inclusive, `until` exclusive."""

    product_id: str | None = None
    status: StockUpdateStatus | None = None
    batch_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOperationFilter:
    """All that is set must hold."""

    status: BatchOperationStatus | None = None
    operation_type: BatchOperationType | None = None
