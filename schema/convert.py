"""The one place that maps GraphQL to the domain and back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types.unset import UnsetType

from schema import inputs
from schema.types.batch_discontinue_result import BatchDiscontinueResult
from schema.types.connection import Connection, Edge, PageInfo
from schema.types.item_error import FailedItem, ItemError
from schema.types.product import Product
from schema.types.stock_update import StockUpdate
from schema.types.stock_update_result import (
    StockUpdateApplied,
    StockUpdateFailed,
    StockUpdateResult,
)
from server.domain import (
    discontinue,
    filters,
    item_error,
    outcome,
    page,
    product,
    stock,
    stock_update,
)
from server.domain.errors import BadInput
from server.domain.item_error import shown
from server.domain.options import DEFAULT_BATCH_SIZE, BatchOptions
from server.domain.product_id import canonical_id

ValueT = TypeVar("ValueT")
NodeT = TypeVar("NodeT")

_MOST_IDS = 1000
_LONGEST_TEXT = 1000  # characters, to look for: more than any name or category has


def given(value: ValueT | UnsetType | None) -> ValueT | None:
    """What was left out is the same as null."""
    return None if isinstance(value, UnsetType) else value


def from_options(
    options: inputs.BatchStockOptions | inputs.BatchDiscontinueOptions | None,
) -> BatchOptions:
    """What is left out or null is the default."""
    if not options:
        return BatchOptions()
    size = given(options.batch_size)
    return BatchOptions(
        atomic=bool(options.atomic),
        batch_size=DEFAULT_BATCH_SIZE if size is None else size,
        dry_run=bool(options.dry_run),
    )


def from_stock_updates(updates: Sequence[inputs.StockUpdateInput]) -> list[stock.StockItem]:
    return [
        stock.stock_item(index, update.product_id, update.quantity, given(update.expected_stock))
        for index, update in enumerate(updates)
    ]


def from_product_ids(ids: Sequence[str]) -> list[discontinue.DiscontinueItem]:
    return [discontinue.discontinue_item(index, product_id) for index, product_id in enumerate(ids)]


def from_page(first: int | None, after: str | None) -> page.PageRequest:
    count = given(first)
    return page.PageRequest(
        first=page.DEFAULT_PAGE_SIZE if count is None else count, after=given(after)
    )


def from_product_filter(where: inputs.ProductFilter | None) -> filters.ProductFilter:
    where = given(where)
    if where is None:
        return filters.ProductFilter()
    return filters.ProductFilter(
        category=_text(given(where.category), "filter.category"),
        discontinued=given(where.discontinued),
        stock_at_least=given(where.stock_at_least),
        stock_at_most=given(where.stock_at_most),
        name_prefix=_text(given(where.name_prefix), "filter.namePrefix"),
        ids=_ids(given(where.ids), "filter.ids"),
    )


def from_stock_update_filter(where: inputs.StockUpdateFilter | None) -> filters.StockUpdateFilter:
    where = given(where)
    if where is None:
        return filters.StockUpdateFilter()
    product_id, batch_id = given(where.product_id), given(where.batch_id)
    return filters.StockUpdateFilter(
        product_id=None if product_id is None else from_id(product_id, "filter.productId"),
        status=given(where.status),
        batch_id=None if batch_id is None else from_id(batch_id, "filter.batchId"),
        since=given(where.since),
        until=given(where.until),
    )


def from_id(text: str, argument: str) -> str:
    """The id in its one spelling.

    Raises:
        BadInput: it is not one; the message names `argument`.
    """
    key = canonical_id(text)
    if key is None:
        raise BadInput(f"{argument} is {shown(text)}: an id is 24 hexadecimal characters.")
    return key


def to_item_error(error: item_error.ItemError) -> ItemError:
    return ItemError(
        code=error.code,
        message=error.message,
        path=list(error.path),
        retryable=error.retryable,
        current_stock=error.current_stock,
    )


def to_failed_item(failed: outcome.Failed) -> FailedItem:
    error = to_item_error(failed.error)
    return FailedItem(
        index=failed.index,
        product_id=strawberry.ID(failed.product_id),
        error=error,
        errors=[error],
    )


def to_stock_update_result(one: stock.StockOutcome) -> StockUpdateResult:
    if isinstance(one, stock.Applied):
        return StockUpdateApplied(
            index=one.index,
            product_id=strawberry.ID(one.product_id),
            success=True,
            new_stock=one.new_stock,
            error=None,
        )
    return StockUpdateFailed(
        index=one.index,
        product_id=strawberry.ID(one.product_id),
        success=False,
        new_stock=None,
        error=to_item_error(one.error),
    )


def to_discontinue_result(
    outcomes: Sequence[discontinue.DiscontinueOutcome],
) -> BatchDiscontinueResult:
    failures = [to_failed_item(one) for one in outcomes if isinstance(one, outcome.Failed)]
    return BatchDiscontinueResult(
        outcome=outcome.batch_outcome(outcomes),
        updated=sum(isinstance(one, discontinue.Discontinued) for one in outcomes),
        unchanged=sum(isinstance(one, discontinue.Unchanged) for one in outcomes),
        failed=len(failures),
        failures=failures,
    )


def to_product(one: product.Product) -> Product:
    return Product(
        id=strawberry.ID(one.id),
        name=one.name,
        price=one.price,
        stock=one.stock,
        category=one.category,
        discontinued=one.discontinued,
        created_at=one.created_at,
        updated_at=one.updated_at,
        expires_at=one.expires_at,
    )


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


def to_connection(
    found: page.Page[ValueT],
    to_node: Callable[[ValueT], NodeT],
    count: Callable[[], Awaitable[int]],
) -> Connection[NodeT]:
    cursors = found.cursors
    return Connection(
        edges=[
            Edge(cursor=cursor, node=to_node(one))
            for cursor, one in zip(cursors, found.items, strict=True)
        ],
        page_info=PageInfo(
            has_next_page=found.has_next,
            has_previous_page=found.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        count=count,
    )


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
