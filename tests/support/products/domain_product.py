"""Build a product for tests of the rules, which need no database."""

from datetime import UTC, datetime
from typing import Any

from server.domain.product import Product

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def product(product_id: str, **fields: Any) -> Product:
    """Return a cup that was created at `BEFORE`, with other `fields`."""
    values: dict[str, Any] = {
        "name": "Cup",
        "price": 199,
        "stock": 10,
        "category": "tableware",
        "discontinued": False,
        "created_at": BEFORE,
        "updated_at": BEFORE,
    }
    return Product(id=product_id, **values | fields)
