"""Send calls as the npm package `convex` does."""

from typing import Any

import httpx

from tests.support.shop import Shop

FIVE = {"$integer": "BQAAAAAAAAA="}
NAN = {"$float": "AAAAAAAA+H8="}
JSON = {"content-type": "application/json"}


async def send(shop: Shop, kind: str, body: Any, **headers: str) -> httpx.Response:
    async with shop.http() as client:
        return await client.post(f"/api/{kind}", json=body, headers=headers)


async def call(shop: Shop, kind: str, path: str, args: Any, **headers: str) -> Any:
    """Return the whole answer to a call as the npm package sends it."""
    body = {"path": path, "format": "convex_encoded_json", "args": [args]}
    response = await send(shop, kind, body, **headers)
    assert response.status_code == 200
    return response.json()


async def value(shop: Shop, kind: str, path: str, args: Any, **headers: str) -> Any:
    answer = await call(shop, kind, path, args, **headers)
    assert answer["status"] == "success"
    assert {*answer} == {"status", "value", "logLines"}
    return answer["value"]


async def error(shop: Shop, kind: str, path: str, args: Any, **headers: str) -> Any:
    """Return the `data` of the ConvexError that the client throws."""
    answer = await call(shop, kind, path, args, **headers)
    assert {*answer} == {"status", "errorMessage", "errorData", "logLines"}
    assert answer["status"] == "error"
    assert answer["errorMessage"] == answer["errorData"]["message"]
    return answer["errorData"]
