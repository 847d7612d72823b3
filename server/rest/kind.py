"""The six operations as REST names them: their paths, and the fields of their items."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from server.domain.batch_operation import BatchOperationType


class Cell(Enum):
    """What a cell of a CSV file is read as, if it can be."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`items` is the list's name in a JSON body; it holds ids alone if `is_of_ids`.

    `columns` are those of a CSV file, in order, and `required` those without which a file makes no
    sense. Some of them stand in an object of the item's, whose name is `inner`. `options` are what
    may be said of the whole batch.
    """

    name: str
    type: BatchOperationType
    title: str
    items: str
    columns: Mapping[str, Cell]
    required: frozenset[str]
    options: frozenset[str]
    is_of_ids: bool = False
    inner: str | None = None

    @property
    def path(self) -> str:
        return f"batch-{self.name}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that an item may have."""
        return ("productId", self.inner) if self.inner else tuple(self.columns)

    @property
    def inner_fields(self) -> tuple[str, ...]:
        """The names that the object in it may have."""
        return tuple(name for name in self.columns if self.inner and name != "productId")


_UPDATE_STOCK = Kind(
    name="update-stock",
    type=BatchOperationType.UPDATE_STOCK,
    title="stock update",
    items="updates",
    columns={"productId": Cell.TEXT, "quantity": Cell.NUMBER, "expectedStock": Cell.NUMBER},
    required=frozenset({"productId", "quantity"}),
    options=frozenset({"batchSize"}),
)
_DISCONTINUE = Kind(
    name="discontinue-products",
    type=BatchOperationType.DISCONTINUE_PRODUCTS,
    title="product discontinuation",
    items="productIds",
    columns={"productId": Cell.TEXT},
    required=frozenset({"productId"}),
    options=frozenset({"batchSize"}),
    is_of_ids=True,
)
_UPDATE_PRICE = Kind(
    name="update-price",
    type=BatchOperationType.UPDATE_PRICE,
    title="price update",
    items="productIds",
    columns={"productId": Cell.TEXT},
    required=frozenset({"productId"}),
    options=frozenset({"newPrice", "batchSize"}),
    is_of_ids=True,
)
_CREATE = Kind(
    name="create-products",
    type=BatchOperationType.CREATE_PRODUCTS,
    title="product creation",
    items="products",
    columns={
        "id": Cell.TEXT,
        "name": Cell.TEXT,
        "price": Cell.NUMBER,
        "stock": Cell.NUMBER,
        "category": Cell.TEXT,
        "discontinued": Cell.FLAG,
    },
    required=frozenset({"name", "price", "stock", "category"}),
    options=frozenset({"expireIn", "batchSize"}),
)
_UPDATE = Kind(
    name="update-products",
    type=BatchOperationType.UPDATE_PRODUCTS,
    title="product update",
    items="updates",
    columns={
        "productId": Cell.TEXT,
        "name": Cell.TEXT,
        "price": Cell.NUMBER,
        "category": Cell.TEXT,
    },
    required=frozenset({"productId"}),
    options=frozenset({"expireIn", "batchSize"}),
    inner="data",
)
_DELETE = Kind(
    name="delete-products",
    type=BatchOperationType.DELETE_PRODUCTS,
    title="product deletion",
    items="deletes",
    columns={"productId": Cell.TEXT, "cascadeDelete": Cell.FLAG},
    required=frozenset({"productId"}),
    options=frozenset({"cascadeDelete", "batchSize"}),
)

_ALL = (_UPDATE_STOCK, _DISCONTINUE, _UPDATE_PRICE, _CREATE, _UPDATE, _DELETE)
BY_PATH: Mapping[str, Kind] = {kind.path: kind for kind in _ALL}
BY_TYPE: Mapping[BatchOperationType, Kind] = {kind.type: kind for kind in _ALL}
