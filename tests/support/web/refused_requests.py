"""Provide a small request for each mutation, with a valid item."""

from typing import Any

from tests.support.shop import UNKNOWN_ID

UPDATE_STOCK = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) { newStock }
}
"""
PRODUCTS = """
query ($filter: ProductFilter, $first: Int, $after: String) {
  products(filter: $filter, first: $first, after: $after) { edges { node { id } } }
}
"""
CREATE = """
mutation ($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) { stats { total } }
}
"""
UPDATE = """
mutation ($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) { stats { total } }
}
"""
DELETE = """
mutation ($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $deletes, options: $options) { stats { total } }
}
"""
CUP: dict[str, Any] = {"name": "Cup", "price": 199, "stock": 10, "category": "tableware"}
PATCH: dict[str, Any] = {"productId": UNKNOWN_ID, "data": {"price": 1}}
# the mutation, the name of its list, an item that is well
WRITES: list[tuple[str, str, dict[str, Any]]] = [
    (CREATE, "products", CUP),
    (UPDATE, "updates", PATCH),
    (DELETE, "deletes", {"productId": UNKNOWN_ID}),
]
BAD_INPUT = {"code": "BAD_INPUT"}
