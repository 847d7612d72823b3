"""Send batches to the REST endpoints, and read what the endpoints and the database hold of them."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from bson import ObjectId

from tests.support.shop import Shop

ID = "00000000000000000000000a"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
PRICE_RANGE = "is out of range: it may be from 0 to 2147483647. It is in whole cents."
NO_LIST = "give a list of 1 to 100000 items."


async def post(
    shop: Shop,
    path: str,
    body: str | bytes | Mapping[str, Any] | AsyncIterator[bytes],
    media_type: str = "application/json",
    **headers: str,
) -> httpx.Response:
    """Send a batch to the kind at `path`; in header names `_` stands for `-`."""
    content = json.dumps(body) if isinstance(body, Mapping) else body
    sent = {"Content-Type": media_type} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with shop.http() as client:
        return await client.post(f"/api/batches/batch-{path}", content=content, headers=sent)


def refusal(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    return error


def lines_of(items: list[Any]) -> str:
    objects = [one if isinstance(one, dict) else {"productId": one} for one in items]
    return "".join(json.dumps(one) + "\n" for one in objects)


def stored(shop: Shop, response: httpx.Response) -> dict[str, Any]:
    """Return what is stored of the submitted batch: kind, settings, options and items."""
    assert response.status_code == 201
    database = shop.admin[shop.database]
    batch_id = ObjectId(response.json()["batchId"])
    batch = database["batchOperations"].find_one({"_id": batch_id}) or {}
    chunks = database["batchChunks"].find({"batchId": batch_id})
    items = sorted(
        (one for chunk in chunks for one in chunk["items"]), key=lambda one: one["index"]
    )
    kept = {name: batch[name] for name in ("operationType", "settings", "options", "totalItems")}
    return kept | {"items": [one["input"] for one in items]}


def assert_nothing_is_stored(shop: Shop) -> None:
    database = shop.admin[shop.database]
    assert database["batchOperations"].count_documents({}) == 0
    assert database["batchChunks"].count_documents({}) == 0
    assert shop.rows() == []
