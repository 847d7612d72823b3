"""Put products that expire, and look at what is stored and shown of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from tests.support.shop import Shop

DUE = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
A_MILLISECOND = timedelta(milliseconds=1)
DUE_AS_TOLD = "2026-06-01T12:00:00.500Z"
JUST_BEFORE = DUE - A_MILLISECOND
AN_HOUR = timedelta(hours=1)
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
PRODUCT = "query ($id: ID!) { product(id: $id) { id expiresAt } }"
PRODUCTS = """
query ($filter: ProductFilter, $orderBy: ProductOrder, $first: Int, $after: String) {
  products(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""
UPDATE = """
mutation ($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) {
    outcome updated { id expiresAt } notFound { index productId } failed { index error { code } }
  }
}
"""


async def put_expiring(shop: Shop, *stocks: int, **fields: Any) -> list[str]:
    """Put products that expire at `DUE`; return their ids."""
    return await shop.put(*stocks, **{"expires_at": DUE, "created_at": CREATED} | fields)


def put_row(shop: Shop, *product_ids: str) -> None:
    """Put a row into the ledger for each mention of a product."""
    fixed = {"quantity": 0, "timestamp": CREATED, "status": "applied", "reason": "adjustment"}
    shop.stock_updates.insert_many(
        [fixed | {"_id": ObjectId(), "productId": ObjectId(one)} for one in product_ids]
    )


def documents(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Return all that is stored, to check that nothing changed."""
    return {"products": list(shop.products.find().sort("_id")), "stockUpdates": shop.rows()}


def stored(shop: Shop, product_id: str) -> dict[str, Any]:
    document: dict[str, Any] = shop.products.find_one({"_id": ObjectId(product_id)})
    return document


async def listed(shop: Shop, **arguments: Any) -> tuple[list[str], int]:
    """Return the ids that `products` shows, and its `totalCount`."""
    page = await shop.ask(PRODUCTS, **arguments)
    return [edge["node"]["id"] for edge in page["edges"]], page["totalCount"]


async def is_found(shop: Shop, product_id: str) -> bool:
    return await shop.ask(PRODUCT, id=product_id) is not None
