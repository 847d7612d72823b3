"""Run batches over REST, and read their status and their results."""

import csv
import io
import json
from typing import Any

import httpx

from tests.support.shop import Shop

CSV = "text/csv"
NDJSON = "application/x-ndjson"


async def submit(shop: Shop, path: str, body: Any, media_type: str = "application/json") -> str:
    """Submit a batch; return its id."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    async with shop.http() as client:
        response = await client.post(
            f"/api/batches/batch-{path}", content=content, headers={"Content-Type": media_type}
        )
    assert response.status_code == 201, response.text
    batch_id: str = response.json()["batchId"]
    return batch_id


async def ran(shop: Shop, path: str, body: Any, media_type: str = "application/json") -> str:
    """Submit a batch and run it to its end; return its id."""
    batch_id = await submit(shop, path, body, media_type)
    while await shop.assembly.worker.run_once():
        pass
    return batch_id


async def get(shop: Shop, path: str, **headers: str) -> httpx.Response:
    async with shop.http() as client:
        return await client.get(f"/api/batches/{path}", headers=headers)


async def poll(shop: Shop, path: str) -> dict[str, Any]:
    response = await get(shop, path)
    assert response.status_code == 200
    batch: dict[str, Any] = response.json()
    return batch


async def lines(shop: Shop, batch_id: str, query: str = "") -> list[dict[str, Any]]:
    """Download the results as NDJSON."""
    response = await get(shop, f"{batch_id}/results?{query}")
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


async def table(shop: Shop, batch_id: str, query: str = "") -> list[dict[str, str]]:
    """Download the results as CSV."""
    response = await get(shop, f"{batch_id}/results?format=csv&{query}")
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def download(batch_id: str) -> dict[str, Any]:
    """Return the request for a batch's results as a server begins it."""
    return {
        "type": "http",
        "method": "GET",
        "path": f"/api/batches/{batch_id}/results",
        "query_string": b"",
        "headers": [],
        "asgi": {"spec_version": "2.4"},
    }
