"""Put cups that were created long before a mutation, and build the bodies that it returns."""

from datetime import UTC, datetime
from typing import Any

from tests.support.shop import Shop

OWN_ID = "abcdefabcdefabcdefabcdef"
CREATED = datetime(2026, 1, 1, 8, tzinfo=UTC)
CREATED_ISO = "2026-01-01T08:00:00.000Z"
NOON = datetime(2026, 1, 31, 12, 0, 0, 7000, tzinfo=UTC)
NOON_ISO = "2026-01-31T12:00:00.007Z"
EACH_ITS_OWN = {"atomic": False, "continueOnError": True}


async def put(shop: Shop, *stocks: int, **fields: Any) -> list[str]:
    """Put cups that were created long ago, and let the clock stand at noon from now on."""
    shop.clock.stand_at(NOON)
    return await shop.put(*stocks, created_at=CREATED, updated_at=CREATED, **fields)


def untouched_cup(product_id: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a cup that nobody has changed."""
    unchanged = {
        "id": product_id,
        "name": "Cup",
        "price": 100,
        "stock": 10,
        "category": "tableware",
        "discontinued": False,
        "createdAt": CREATED_ISO,
        "updatedAt": CREATED_ISO,
        "expiresAt": None,
    }
    return unchanged | fields


def failure(index: int, product_id: str | None, *errors: dict[str, Any]) -> dict[str, Any]:
    """Return a failed item as the answer shows it."""
    return {"index": index, "productId": product_id, "error": errors[0], "errors": [*errors]}
