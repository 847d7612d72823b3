"""Send each of the five mutations, with or without a key, and ask for the whole answer."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.shop import Shop

Json = dict[str, Any]

_FAILED = "index productId error { ...Why } errors { ...Why }"
_FRAGMENTS = """
fragment Whole on Product {
  id name price stock category discontinued createdAt updatedAt expiresAt
}
fragment Why on ItemError { code message path retryable currentStock }
"""
_STOCK = """
mutation ($items: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $items, options: $options) {
    __typename index productId success newStock error { ...Why }
  }
}
fragment Why on ItemError { code message path retryable currentStock }
"""
_DISCONTINUE = f"""
mutation ($items: [ID!]!, $options: BatchDiscontinueOptions) {{
  batchDiscontinueProducts(productIds: $items, options: $options) {{
    outcome updated unchanged failed failures {{ {_FAILED} }}
  }}
}}
fragment Why on ItemError {{ code message path retryable currentStock }}
"""
_CREATE = f"""
mutation ($items: [CreateProductInput!]!, $options: BatchCreateOptions) {{
  batchCreateProducts(products: $items, options: $options) {{
    outcome created {{ ...Whole }} failed {{ {_FAILED} }} stats {{ total created failed }}
  }}
}}"""
_UPDATE = f"""
mutation ($items: [UpdateProductInput!]!, $options: BatchUpdateOptions) {{
  batchUpdateProducts(updates: $items, options: $options) {{
    outcome updated {{ ...Whole }} notFound {{ index productId }} failed {{ {_FAILED} }}
    stats {{ total updated notFound failed }}
  }}
}}"""
_DELETE = f"""
mutation ($items: [DeleteProductInput!]!, $options: BatchDeleteOptions) {{
  batchDeleteProducts(deletes: $items, options: $options) {{
    outcome deleted {{ ...Whole }} deletedCount notFound {{ index productId }}
    failed {{ {_FAILED} }} stats {{ total deleted notFound failed cascaded }}
  }}
}}"""
MUTATIONS = {
    "stock": _STOCK,
    "discontinue": _DISCONTINUE,
    "create": _CREATE + _FRAGMENTS,
    "update": _UPDATE + _FRAGMENTS,
    "delete": _DELETE + _FRAGMENTS,
}


async def send(
    client: httpx.AsyncClient, operation: str, items: Any, options: Any, key: str | None = None
) -> Json:
    """Return the whole answer to one of `MUTATIONS`; the key is sent as a header."""
    return await post(client, MUTATIONS[operation], {"items": items, "options": options}, key)


async def post(
    client: httpx.AsyncClient, query: str, variables: Mapping[str, Any], key: str | None = None
) -> Json:
    headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
    body = json.dumps({"query": query, "variables": variables})
    answer: Json = (await client.post("/graphql", content=body, headers=headers)).json()
    return answer


def data_of(answer: Json) -> Any:
    """Return the only field that was asked for, of an answer without errors."""
    assert "errors" not in answer
    (value,) = answer["data"].values()
    return value


def code_of(answer: Json) -> str:
    """Return the code of an answer that is a single error."""
    assert not any((answer["data"] or {}).values())
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])


def is_replay(answer: Json) -> bool:
    return answer.get("extensions", {}) == {"idempotentReplay": True}


def everything(shop: Shop) -> Json:
    """Return every document of the database, to check that nothing changed."""
    database = shop.admin[shop.database]
    return {
        name: list(database[name].find().sort("_id"))
        for name in ("products", "stockUpdates", "batchOperations", "batchChunks", "commitMarks")
    }
