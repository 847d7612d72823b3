"""A product as the store holds it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`price` is in whole cents; times are UTC, to the millisecond."""

    id: str
    name: str
    price: int
    stock: int
    category: str
    discontinued: bool
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """All that the stock rules need to know of a product."""

    stock: int
    discontinued: bool
