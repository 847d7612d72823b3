"""The operations of stored batches, made again from what is stored."""

from collections.abc import Sequence
from typing import cast

from server.batch.create import CreateProducts
from server.batch.delete import DeleteProducts
from server.batch.discontinue import Discontinue
from server.batch.operation import Item, StoredOperation
from server.batch.price import UpdatePrice
from server.batch.stock import UpdateStock
from server.batch.update import UpdateProducts
from server.domain.batch_operation import BatchOperationType
from server.domain.expiry import stored_expiry
from server.domain.stock import StockItem, pending_entry
from server.domain.stock_update import LedgerEntry
from server.domain.stored_batch import StoredBatch


def operation_of(batch: StoredBatch) -> StoredOperation:
    """What runs the chunks of the batch."""
    settings = batch.settings
    match batch.operation_type:
        case BatchOperationType.UPDATE_STOCK:
            return UpdateStock(batch.id, has_rows=batch.was_submitted)
        case BatchOperationType.DISCONTINUE_PRODUCTS:
            return Discontinue(batch.id)
        case BatchOperationType.UPDATE_PRICE:
            return UpdatePrice(settings["newPrice"])
        case BatchOperationType.CREATE_PRODUCTS:
            return CreateProducts(stored_expiry(settings))
        case BatchOperationType.UPDATE_PRODUCTS:
            return UpdateProducts(stored_expiry(settings))
        case BatchOperationType.DELETE_PRODUCTS:
            return DeleteProducts(settings["cascadeDelete"])


def pending_rows(operation: StoredOperation, items: Sequence[Item]) -> list[LedgerEntry]:
    """The rows that wait in the ledger for the items: of stock updates that name a product."""
    if not isinstance(operation, UpdateStock):
        return []
    updates = cast(Sequence[StockItem], items)  # its own
    return [pending_entry(item) for item in updates if item.key]
