"""Submit a batch as a stream of lines: what refuses it, and what cuts it off."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.shop import Shop
from tests.support.web.rest_calls import (
    CSV,
    NDJSON,
    PRICE_RANGE,
    assert_nothing_is_stored,
    post,
    refusal,
)

pytestmark = pytest.mark.either_driver

STREAM = {  # as the server begins it
    "type": "http",
    "method": "POST",
    "path": "/api/batches/batch-update-stock",
    "query_string": b"batchSize=1",
    "headers": [(b"content-type", b"text/csv")],
}


async def test_wrong_parameters_of_a_stream_are_told_before_it_is_read(shop: Shop) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    response = await post(
        shop, "update-price?newPrice=-1&batchSize=1001&price=5&batchSize=x", never(), CSV
    )

    assert response.status_code == 400
    assert refusal(response)["reasons"] == [
        "The parameter “batchSize” is there 2 times: send it once.",
        (
            "There is no parameter “price”: there may be batchSize, dryRun, newPrice, columns, "
            "delimiter, encoding, quote, sheet, strict."
        ),
        f"newPrice -1 {PRICE_RANGE}",
        "batchSize “x” is not a number. Leave it out for 500.",
    ]


@pytest.mark.parametrize(("media_type", "query"), [(CSV, "newPrice=5&"), (NDJSON, "newPrice=5&")])
@pytest.mark.parametrize("body", ["", "\n\n", "productId\n"])
async def test_a_stream_without_items_is_refused(
    shop: Shop, media_type: str, query: str, body: str
) -> None:
    if media_type == NDJSON and body == "productId\n":
        body = "\ufeff"

    response = await post(shop, f"update-price?{query}", body, media_type)

    assert response.status_code == 400
    assert refusal(response)["reasons"] == ["productIds is empty: a batch has one item or more."]
    assert_nothing_is_stored(shop)


@pytest.mark.parametrize(
    ("media_type", "head", "row", "bad", "told"),
    [
        (NDJSON, "", '{"productId": "x", "quantity": 1}\n', "5", "Line 101 is not a JSON object."),
        (NDJSON, "", '{"productId": "x", "quantity": 1}\n', '{"', "Line 101 is not JSON"),
        (NDJSON, "", '{"productId": "x", "quantity": 1}\n', '{"a": 1}', "Line 101 has the unknown"),
        (CSV, "productId,quantity\n", "x,1\n", "x,1,2", "Line 102 has a cell in column C"),
        (CSV, "productId,quantity\n", "x,1\n", '"x,1', "Line 102 has a quote that is not"),
        (CSV, "productId,quantity\n", "x,1\n", '"x"y,1', "Line 102 has a cell that begins with"),
        (CSV, "productId,quantity\n", "x,1\n", "x" * 2**20 + ",1", "Line 102 is longer than"),
    ],
)
async def test_a_bad_line_after_many_good_ones_refuses_all_of_them(
    shop: Shop, media_type: str, head: str, row: str, bad: str, told: str
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield head.encode()
        for _ in range(100):
            yield row.encode()
        yield f"{bad}\n".encode()
        yield row.encode()

    response = await post(shop, "update-stock?batchSize=1", body(), media_type)

    assert response.status_code == 400
    assert refusal(response)["code"] == "BAD_INPUT"
    assert refusal(response)["reasons"][0].startswith(told)
    assert_nothing_is_stored(shop)


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(shop: Shop) -> None:
    stored_before_it_went = asyncio.Event()
    shop.commands.on_start = lambda name: (
        stored_before_it_went.set() if name == "commitTransaction" else None
    )
    pieces = iter([b"productId,quantity\n", b"x,1\n" * 1500, b"x,1\n" * 1500])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async with shop.http() as client:
        transport: Any = client._transport
        await transport.app(dict(STREAM), receive, send)

    assert stored_before_it_went.is_set()
    assert sent == []
    assert_nothing_is_stored(shop)


async def test_a_server_that_stops_in_the_middle_says_so_and_stores_nothing(shop: Shop) -> None:
    waiting = asyncio.Event()
    pieces = iter([b"productId,quantity\n", b"x,1\n" * 1500])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        if piece is None:
            waiting.set()
            await asyncio.Event().wait()
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async with shop.http() as client:
        transport: Any = client._transport
        serving = asyncio.create_task(transport.app(dict(STREAM), receive, send))
        await waiting.wait()
        serving.cancel()
        await serving

    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["error"]["code"] == "UNAVAILABLE"
    assert_nothing_is_stored(shop)
