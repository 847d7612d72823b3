"""The fields of a kind's items, as every door names them."""

from dataclasses import dataclass
from enum import Enum


class Cell(Enum):
    """The type that a CSV cell or a URL parameter is read as.

    A text that is not of the type stays as it is, so that the kind's rules can refuse it.
    """

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemField:
    """A field of an item: a name in GraphQL and JSON, and a column of a CSV file.

    `is_column_required`: a file without this column makes no sense. `parent` is the object of the
    item in which the field stands, as in `{"data": {"name": …}}`; None for the item itself.
    """

    name: str
    cell: Cell = Cell.TEXT
    is_column_required: bool = False
    parent: str | None = None


PRODUCT_ID = ItemField(name="productId", is_column_required=True)
