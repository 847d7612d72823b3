"""Reading products outside a transaction, from a snapshot that a majority acknowledged."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from unicodedata import normalize

from server.domain.listing import Page, PageRequest, ProductFilter, ProductOrder
from server.domain.product import Product
from server.mongo.collections import BY_CATEGORY, BY_CREATION, BY_DISCONTINUED, BY_NAME
from server.mongo.connection.document import Document, to_object_ids
from server.mongo.connection.driver import SNAPSHOT, Database
from server.mongo.connection.errors import translated
from server.mongo.paging.listing import Listing, count, read_page
from server.mongo.products.documents import to_product, unexpired

_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)

_KEYS: dict[str, tuple[str, type]] = {
    "CREATED": ("createdAt", datetime),
    "NAME": ("name", str),
    "STOCK": ("stock", int),
}


class ProductReads:
    """Reads products; a product that has expired counts as gone."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._collection = database["products"].with_options(read_concern=SNAPSHOT)
        self._clock = clock

    async def by_id(self, product_id: str) -> Product | None:
        """Return the product; None if there is none."""
        found = await self.by_ids([product_id])
        return found[0]

    async def by_ids(self, ids: Sequence[str]) -> list[Product | None]:
        """Return the products in the order of `ids`, with None where there is none."""
        with translated():
            documents = await self._collection.find(
                {"_id": {"$in": to_object_ids(ids)}, **unexpired(self._clock())},
                batch_size=len(ids) + 1,
            ).to_list(None)
        by_id = {str(document["_id"]): to_product(document) for document in documents}
        return [by_id.get(product_id) for product_id in ids]

    async def page(
        self, where: ProductFilter, order: ProductOrder | None, request: PageRequest
    ) -> Page[Product]:
        """Return a page of the products.

        Raises:
            BadInput: the cursor is malformed or of another list.
            StoreError: the database did not answer.
        """
        listing = product_listing(where, order, self._clock())
        return await read_page(self._collection, listing, request, to_product)

    async def count(self, where: ProductFilter, order: ProductOrder | None) -> int:
        """Return how many products there are over all pages."""
        return await count(self._collection, product_listing(where, order, self._clock()))


def product_listing(where: ProductFilter, order: ProductOrder | None, now: datetime) -> Listing:
    """Return the list of a filter, in `order` or else in the order that suits the filter."""
    order = order or _natural_order(where)
    name, _, direction = order.value.partition("_")
    key, value_type = _KEYS[name]
    return Listing(
        query=_query(where, now),
        order=order.value,
        key=key,
        value_type=value_type,
        direction=1 if direction == "ASC" else -1,
        index=_index(where, name),
    )


def _natural_order(where: ProductFilter) -> ProductOrder:
    if where.name_prefix is not None or where.name_contains is not None:
        return ProductOrder.NAME_ASC
    if where.stock_at_least is not None or where.stock_at_most is not None:
        return ProductOrder.STOCK_ASC
    return ProductOrder.CREATED_ASC


def _index(where: ProductFilter, order: str) -> str | None:
    """Return the index that yields the order, and narrows the search if it can do both.

    A list of ids is short: sorting it costs less than walking an index over all other products.
    """
    if where.ids is not None:
        return "_id_"
    if order == "NAME":
        return BY_NAME
    if order == "STOCK":
        return _narrowest_index(where)
    if where.category is not None:
        return BY_CATEGORY
    return BY_CREATION if where.discontinued is None else BY_DISCONTINUED


def _narrowest_index(where: ProductFilter) -> str | None:
    """Return the index that leaves the fewest products to look at; None if all must be looked at.

    No index has the stock: MongoDB would have to change it with each stock update, which costs more
    than the update. So the products found are sorted in memory, which holds only one page.
    """
    if where.name_prefix or where.name_contains:
        return BY_NAME
    if where.category is not None:
        return BY_CATEGORY
    return BY_DISCONTINUED if where.discontinued else None  # else it leaves most products


def _query(where: ProductFilter, now: datetime) -> Document:
    """Return the filter as a query of MongoDB.

    Each value of the caller stands behind an operator of ours, such as `$eq`, so that MongoDB never
    reads the value itself as an operator.
    """
    conditions = [unexpired(now)]
    if where.category is not None:
        conditions.append({"category": {"$in": _forms(where.category)}})
    if where.discontinued is not None:
        conditions.append({"discontinued": {"$eq": where.discontinued}})
    if where.stock_at_least is not None:
        conditions.append({"stock": {"$gte": where.stock_at_least}})
    if where.stock_at_most is not None:
        conditions.append({"stock": {"$lte": where.stock_at_most}})
    if where.name_prefix is not None:
        ranges = [{"name": _starts_with(form)} for form in _forms(where.name_prefix)]
        conditions.append({"$or": ranges} if len(ranges) > 1 else ranges[0])
    if where.name_contains:
        conditions.append({"name": {"$regex": _contains(where.name_contains), "$options": "i"}})
    if where.ids is not None:
        conditions.append({"_id": {"$in": to_object_ids(where.ids)}})
    return {"$and": conditions}


def _forms(text: str) -> list[str]:
    """Return the text as it is stored, and as 0.1.0 may have stored it: in the form NFD."""
    decomposed = normalize("NFD", text)
    return [text] if decomposed == text else [text, decomposed]


def _contains(text: str) -> str:
    """Return a regular expression for the text, in both forms in which it may be stored."""
    return "|".join(re.escape(form).replace("\0", r"\x00") for form in _forms(text))


def _starts_with(prefix: str) -> Document:
    """Return the range of the strings that begin with `prefix`; an index can walk a range.

    MongoDB compares strings by their UTF-8 bytes, which is the order of their code points.
    """
    raisable = prefix.rstrip(chr(_LAST_CODE_POINT))  # its last character has a successor
    if not raisable:
        return {"$gte": prefix}
    following = ord(raisable[-1]) + 1
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return {"$gte": prefix, "$lt": raisable[:-1] + chr(following)}
