"""The rows of an export: NDJSON with a value's own type, or CSV with a column for each field."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from server.domain.product import Product
from server.domain.stock_update import StockUpdate
from server.web import json_value
from server.web.rest.result_fields import iso

T = TypeVar("T")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """What is exported: the name of its files, and how each field is read from a value."""

    name: str
    fields: Mapping[str, Callable[[T], Any]]

    def ndjson(self, values: Sequence[T]) -> bytes:
        """Return a JSON object on a line for each value, with null where it has nothing."""
        return b"".join(
            json_value.written({name: read(value) for name, read in self.fields.items()}) + b"\n"
            for value in values
        )

    def csv(self, values: Sequence[T]) -> bytes:
        """Return a row of CSV for each value.

        A text that a spreadsheet would run as a formula gets an apostrophe in front.
        """
        return _csv([[_cell(read(value)) for read in self.fields.values()] for value in values])

    def csv_head(self) -> bytes:
        """Return the row with the names of the columns."""
        return _csv([[*self.fields]])


PRODUCTS: Table[Product] = Table(
    "products",
    {
        "id": lambda product: product.id,
        "name": lambda product: product.name,
        "price": lambda product: product.price,
        "stock": lambda product: product.stock,
        "category": lambda product: product.category,
        "discontinued": lambda product: product.discontinued,
        "createdAt": lambda product: iso(product.created_at),
        "updatedAt": lambda product: iso(product.updated_at),
        "expiresAt": lambda product: iso(product.expires_at),
    },
)

STOCK_UPDATES: Table[StockUpdate] = Table(
    "stock-updates",
    {
        "id": lambda row: row.id,
        "productId": lambda row: row.product_id,
        "quantity": lambda row: row.quantity,
        "timestamp": lambda row: iso(row.timestamp),
        "status": lambda row: row.status.value,
        "reason": lambda row: row.reason.value,
        "newStock": lambda row: row.new_stock,
        "code": lambda row: row.code and row.code.value,
        "error": lambda row: row.error,
        "batchId": lambda row: row.batch_id,
        "createdBy": lambda row: row.created_by,
    },
)


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
