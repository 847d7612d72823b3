"""GraphQL's arguments as the domain's values. What is left out of them is the same as null."""

from collections.abc import Sequence
from typing import Any, TypeVar

from strawberry.types.unset import UnsetType

from schema.inputs import filters as sent_filters
from schema.inputs.options import (
    BatchCreateOptions,
    BatchDeleteOptions,
    BatchDiscontinueOptions,
    BatchStockOptions,
    BatchUpdateOptions,
)
from server.domain import listing
from server.domain.batch_state import BatchState
from server.domain.errors import BadInput, quoted
from server.domain.item_result import Input
from server.domain.options import DEFAULT_BATCH_SIZE, BatchOptions
from server.domain.product import canonical_id
from server.kinds.kind import BatchKind, BatchWork
from server.kinds.kind_option import read_settings

ValueT = TypeVar("ValueT")

_MOST_IDS = 1000
_LONGEST_TEXT = 1000  # characters, to look for: more than any name or category has


def given(value: ValueT | UnsetType | None) -> ValueT | None:
    """What was left out is the same as null."""
    return None if isinstance(value, UnsetType) else value


def or_default(value: ValueT | UnsetType | None, default: ValueT) -> ValueT:
    present = given(value)
    return default if present is None else present


def from_stock_options(
    options: BatchStockOptions | BatchDiscontinueOptions,
) -> BatchOptions:
    return BatchOptions(
        atomic=or_default(options.atomic, False),
        batch_size=or_default(options.batch_size, DEFAULT_BATCH_SIZE),
        dry_run=or_default(options.dry_run, False),
    )


def from_write_options(
    options: BatchCreateOptions | BatchUpdateOptions,
) -> BatchOptions:
    return BatchOptions(
        atomic=or_default(options.atomic, True),
        continue_on_error=or_default(options.continue_on_error, False),
        validate_before_write=or_default(options.validate_before_write, True),
        batch_size=or_default(options.batch_size, DEFAULT_BATCH_SIZE),
        dry_run=or_default(options.dry_run, False),
    )


def from_delete_options(options: BatchDeleteOptions) -> BatchOptions:
    return BatchOptions(
        atomic=or_default(options.atomic, True),
        continue_on_error=or_default(options.continue_on_error, False),
        batch_size=or_default(options.batch_size, DEFAULT_BATCH_SIZE),
        dry_run=or_default(options.dry_run, False),
    )


def from_kind_options(kind: BatchKind, **sent: object) -> BatchWork[Any, Any]:
    """Return the work of a batch of this kind, whose own options are given by their stored names.

    Raises:
        BadInput: an option is wrong; the message says which.
    """
    faults: list[str] = []
    settings = read_settings(
        kind.options, {name: given(value) for name, value in sent.items()}, faults
    )
    if faults:
        raise BadInput(f"options.{faults[0]}")
    return kind.work(settings)


def from_product_ids(ids: Sequence[str]) -> list[Input]:
    """Ids alone, as items."""
    return [{"productId": product_id} for product_id in ids]


def from_page(first: int | None, after: str | None) -> listing.PageRequest:
    return listing.PageRequest(
        first=or_default(first, listing.DEFAULT_PAGE_SIZE), after=given(after)
    )


def from_product_filter(where: sent_filters.ProductFilter | None) -> listing.ProductFilter:
    where = given(where)
    if where is None:
        return listing.ProductFilter()
    return listing.ProductFilter(
        category=_text(given(where.category), "filter.category"),
        discontinued=given(where.discontinued),
        stock_at_least=given(where.stock_at_least),
        stock_at_most=given(where.stock_at_most),
        name_prefix=_text(given(where.name_prefix), "filter.namePrefix"),
        ids=_ids(given(where.ids), "filter.ids"),
    )


def from_stock_update_filter(
    where: sent_filters.StockUpdateFilter | None,
) -> listing.StockUpdateFilter:
    where = given(where)
    if where is None:
        return listing.StockUpdateFilter()
    product_id, batch_id = given(where.product_id), given(where.batch_id)
    return listing.StockUpdateFilter(
        product_id=None if product_id is None else from_id(product_id, "filter.productId"),
        status=given(where.status),
        batch_id=None if batch_id is None else from_id(batch_id, "filter.batchId"),
        since=given(where.since),
        until=given(where.until),
    )


def from_batch_operation_filter(
    where: sent_filters.BatchOperationFilter | None,
) -> listing.BatchOperationFilter:
    where = given(where)
    if where is None:
        return listing.BatchOperationFilter()
    status, operation_type = given(where.status), given(where.operation_type)
    return listing.BatchOperationFilter(
        state=BatchState(status.value) if status else None,
        kind=operation_type.value if operation_type else None,
    )


def from_id(text: str, argument: str) -> str:
    """The id in its one spelling.

    Raises:
        BadInput: it is not one; the message names `argument`.
    """
    key = canonical_id(text)
    if key is None:
        raise BadInput(f"{argument} is {quoted(text)}: an id is 24 hexadecimal characters.")
    return key


def _ids(ids: Sequence[str] | None, argument: str) -> list[str] | None:
    if ids is None:
        return None
    if len(ids) > _MOST_IDS:
        raise BadInput(f"{argument} has {len(ids)} ids: at most {_MOST_IDS} are allowed.")
    return [from_id(product_id, f"{argument}[{place}]") for place, product_id in enumerate(ids)]


def _text(value: str | None, argument: str) -> str | None:
    """JSON can hold half of a surrogate pair, which no database can store or find."""
    if value is not None and len(value) > _LONGEST_TEXT:
        raise BadInput(
            f"{argument} has {len(value)} characters: at most {_LONGEST_TEXT} are allowed."
        )
    try:
        return value and value.encode().decode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{argument} is not valid Unicode: it has half a surrogate pair.") from error
