"""GraphQL's arguments as the domain's values. An argument that is left out is the same as null."""

from collections.abc import Sequence
from typing import TypeVar

from strawberry.types.unset import UnsetType

from schema.inputs import filters
from server.domain import listing
from server.domain.errors import BadInput, quoted
from server.domain.field_check import composed
from server.domain.item_result import Input
from server.domain.product import canonical_id

ValueT = TypeVar("ValueT")

_MOST_IDS = 1000
_LONGEST_TEXT = 1000  # characters of a filter: more than any name or category has


def or_none(value: ValueT | UnsetType | None) -> ValueT | None:
    """Return the value, or None if it was left out."""
    return None if isinstance(value, UnsetType) else value


def or_default(value: ValueT | UnsetType | None, default: ValueT) -> ValueT:
    """Return the value, or the default if it is null or was left out."""
    present = or_none(value)
    return default if present is None else present


def from_id(text: str, argument: str) -> str:
    """Return the id in its canonical spelling.

    Raises:
        BadInput: the text is not an id; the message names `argument`.
    """
    key = canonical_id(text)
    if key is None:
        raise BadInput(f"{argument} is {quoted(text)}: an id is 24 hexadecimal characters.")
    return key


def from_product_ids(ids: Sequence[str]) -> list[Input]:
    """Return the items of a kind whose items are product ids and nothing else."""
    return [{"productId": product_id} for product_id in ids]


def from_page(first: int | None, after: str | None) -> listing.PageRequest:
    """Return the page that a connection's arguments ask for."""
    return listing.PageRequest(
        first=or_default(first, listing.DEFAULT_PAGE_SIZE), after=or_none(after)
    )


def from_product_filter(sent: filters.ProductFilter | None) -> listing.ProductFilter:
    """Return the filter with canonical ids.

    Raises:
        BadInput: an id is malformed, there are too many, or a text is too long or invalid.
    """
    sent = or_none(sent)
    if sent is None:
        return listing.ProductFilter()
    return listing.ProductFilter(
        category=_text(or_none(sent.category), "filter.category"),
        discontinued=or_none(sent.discontinued),
        stock_at_least=or_none(sent.stock_at_least),
        stock_at_most=or_none(sent.stock_at_most),
        name_prefix=_text(or_none(sent.name_prefix), "filter.namePrefix"),
        name_contains=_text(or_none(sent.name_contains), "filter.nameContains"),
        ids=_ids(or_none(sent.ids), "filter.ids"),
    )


def from_stock_update_filter(sent: filters.StockUpdateFilter | None) -> listing.StockUpdateFilter:
    """Return the filter with canonical ids.

    Raises:
        BadInput: an id is malformed.
    """
    sent = or_none(sent)
    if sent is None:
        return listing.StockUpdateFilter()
    product_id, batch_id = or_none(sent.product_id), or_none(sent.batch_id)
    return listing.StockUpdateFilter(
        product_id=None if product_id is None else from_id(product_id, "filter.productId"),
        status=or_none(sent.status),
        batch_id=None if batch_id is None else from_id(batch_id, "filter.batchId"),
        since=or_none(sent.since),
        until=or_none(sent.until),
    )


def from_batch_operation_filter(
    sent: filters.BatchOperationFilter | None, created_by: str | None
) -> listing.BatchOperationFilter:
    """Return the filter in the domain's words: a batch's state and kind, and who sent it."""
    sent = or_none(sent)
    if sent is None:
        return listing.BatchOperationFilter(created_by=created_by)
    status, operation_type = or_none(sent.status), or_none(sent.operation_type)
    return listing.BatchOperationFilter(
        state=status.value if status else None,
        kind=operation_type.value if operation_type else None,
        created_by=created_by,
    )


def _ids(ids: Sequence[str] | None, argument: str) -> list[str] | None:
    if ids is None:
        return None
    if len(ids) > _MOST_IDS:
        raise BadInput(f"{argument} has {len(ids)} ids: at most {_MOST_IDS} are allowed.")
    return [from_id(product_id, f"{argument}[{place}]") for place, product_id in enumerate(ids)]


def _text(value: str | None, argument: str) -> str | None:
    """Return the text if a database can store it.

    Raises:
        BadInput: it is too long, or has half of a surrogate pair, which JSON can hold.
    """
    if value is not None and len(value) > _LONGEST_TEXT:
        raise BadInput(
            f"{argument} has {len(value)} characters: at most {_LONGEST_TEXT} are allowed."
        )
    try:
        return value and composed(value.encode().decode())
    except UnicodeEncodeError as error:
        raise BadInput(f"{argument} is not valid Unicode: it has half a surrogate pair.") from error
