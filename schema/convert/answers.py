"""The domain's values as GraphQL's types."""

from collections.abc import Sequence
from dataclasses import fields

import strawberry
from strawberry.dataloader import DataLoader

from schema.types.batch_create_result import BatchCreateResult, BatchCreateStats
from schema.types.batch_delete_result import BatchDeleteResult, BatchDeleteStats
from schema.types.batch_discontinue_result import BatchDiscontinueResult
from schema.types.batch_update_result import BatchUpdateResult, BatchUpdateStats
from schema.types.item_error import FailedItem, ItemError, NotFoundItem
from schema.types.product import Product
from schema.types.stock_update import StockUpdate
from schema.types.stock_update_result import (
    StockUpdateApplied,
    StockUpdateFailed,
    StockUpdateResult,
)
from server.domain import item_error, outcome, product, stock_update
from server.kinds.create_products.rules import Created, CreateOutcome
from server.kinds.delete_products.rules import Deleted, DeleteOutcome
from server.kinds.discontinue_products.rules import Discontinued, DiscontinueOutcome, Unchanged
from server.kinds.update_products.rules import Updated, UpdateOutcome
from server.kinds.update_stock.rules import Applied, StockOutcome

_PRODUCT_FIELDS = [field.name for field in fields(Product)]


def to_item_error(error: item_error.ItemError) -> ItemError:
    return ItemError(
        code=error.code,
        message=error.message,
        path=list(error.path),
        retryable=error.retryable,
        current_stock=error.current_stock,
    )


def to_failed_item(failed: outcome.Failed) -> FailedItem:
    errors = [to_item_error(error) for error in failed.errors]
    return FailedItem(
        index=failed.index,
        product_id=None if failed.product_id is None else strawberry.ID(failed.product_id),
        error=errors[0],
        errors=errors,
    )


def to_stock_update_result(one: StockOutcome) -> StockUpdateResult:
    if isinstance(one, Applied):
        return StockUpdateApplied(
            index=one.index,
            product_id=strawberry.ID(one.product_id),
            success=True,
            new_stock=one.new_stock,
            error=None,
        )
    return StockUpdateFailed(
        index=one.index,
        product_id=strawberry.ID(one.product_id or ""),
        success=False,
        new_stock=None,
        error=to_item_error(one.error),
    )


def to_discontinue_result(
    outcomes: Sequence[DiscontinueOutcome],
) -> BatchDiscontinueResult:
    failures = [to_failed_item(one) for one in outcomes if isinstance(one, outcome.Failed)]
    return BatchDiscontinueResult(
        outcome=outcome.batch_outcome(outcomes),
        updated=sum(isinstance(one, Discontinued) for one in outcomes),
        unchanged=sum(isinstance(one, Unchanged) for one in outcomes),
        failed=len(failures),
        failures=failures,
    )


def to_create_result(
    outcomes: Sequence[CreateOutcome], *, partial_results: bool
) -> BatchCreateResult:
    how_much = outcome.batch_outcome(outcomes)
    created = [one.product for one in outcomes if isinstance(one, Created)]
    failed = [to_failed_item(one) for one in outcomes if isinstance(one, outcome.Failed)]
    return BatchCreateResult(
        outcome=how_much,
        created=_bodies(created, shown=_is_shown(how_much, partial_results)),
        failed=failed,
        stats=BatchCreateStats(total=len(outcomes), created=len(created), failed=len(failed)),
    )


def to_update_result(
    outcomes: Sequence[UpdateOutcome], *, partial_results: bool
) -> BatchUpdateResult:
    how_much = outcome.batch_outcome(outcomes)
    updated = [one.product for one in outcomes if isinstance(one, Updated)]
    not_found, failed = _failures(outcomes)
    return BatchUpdateResult(
        outcome=how_much,
        updated=_bodies(updated, shown=_is_shown(how_much, partial_results)),
        not_found=not_found,
        failed=failed,
        stats=BatchUpdateStats(
            total=len(outcomes),
            updated=len(updated),
            not_found=len(not_found),
            failed=len(failed),
        ),
    )


def to_delete_result(
    outcomes: Sequence[DeleteOutcome], *, deleted_items: bool, partial_results: bool
) -> BatchDeleteResult:
    how_much = outcome.batch_outcome(outcomes)
    deleted = [one for one in outcomes if isinstance(one, Deleted)]
    not_found, failed = _failures(outcomes)
    shown = deleted_items and _is_shown(how_much, partial_results)
    return BatchDeleteResult(
        outcome=how_much,
        deleted=_bodies([one.product for one in deleted], shown=shown),
        deleted_count=len(deleted),
        not_found=not_found,
        failed=failed,
        stats=BatchDeleteStats(
            total=len(outcomes),
            deleted=len(deleted),
            not_found=len(not_found),
            failed=len(failed),
            cascaded=sum(one.cascaded for one in deleted),
        ),
    )


def _is_shown(how_much: outcome.BatchOutcome, partial_results: bool) -> bool:
    """Whether the bodies of what succeeded are in the answer."""
    return partial_results or how_much is not outcome.BatchOutcome.PARTIAL


def _bodies(products: Sequence[product.Product], *, shown: bool) -> list[Product]:
    return [to_product(one) for one in products] if shown else []


def _failures(outcomes: Sequence[outcome.Outcome]) -> tuple[list[NotFoundItem], list[FailedItem]]:
    """Those whose product does not exist, and the others, each in input order."""
    failures = [one for one in outcomes if isinstance(one, outcome.Failed)]
    missing = item_error.ItemErrorCode.PRODUCT_NOT_FOUND
    return (
        [
            NotFoundItem(index=one.index, product_id=strawberry.ID(one.product_id or ""))
            for one in failures
            if one.error.code is missing
        ],
        [to_failed_item(one) for one in failures if one.error.code is not missing],
    )


def to_product(one: product.Product) -> Product:
    """Return the product with the fields that GraphQL shows: they have the same names here."""
    return Product(**{name: getattr(one, name) for name in _PRODUCT_FIELDS})


def to_stock_update(
    one: stock_update.StockUpdate, *, products: DataLoader[str, product.Product | None]
) -> StockUpdate:
    """`products` looks up the product if it is asked for, together with those of other rows."""

    async def load_product() -> Product | None:
        found = await products.load(one.product_id)
        return to_product(found) if found else None

    return StockUpdate(
        id=strawberry.ID(one.id),
        product_id=strawberry.ID(one.product_id),
        quantity=one.quantity,
        timestamp=one.timestamp,
        status=one.status,
        error=one.error,
        code=one.code,
        reason=one.reason,
        new_stock=one.new_stock,
        batch_id=None if one.batch_id is None else strawberry.ID(one.batch_id),
        load_product=load_product,
    )
