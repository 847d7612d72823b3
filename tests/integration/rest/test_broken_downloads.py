"""Download results while the database or the reader goes away."""

import asyncio
from typing import Any

import pytest

from server.domain.errors import UnexpectedStoreError
from tests.support.shop import Shop
from tests.support.web.rest_results import CSV, download, get, lines, ran


async def test_a_file_goes_on_behind_what_it_has_when_its_cursor_is_lost(shop: Shop) -> None:
    rows = "productId\n" + "".join(f"{number:x}\n" for number in range(200))
    batch_id = await ran(shop, "discontinue-products?batchSize=1", rows, CSV)

    with shop.failing("getMore", mode={"times": 2}, errorCode=43):  # CursorNotFound
        found = await lines(shop, batch_id)

    assert [one["result"]["index"] for one in found] == list(range(200))
    assert [one["productId"] for one in found] == [f"{number:x}" for number in range(200)]


async def test_a_file_that_cannot_be_begun_is_told(shop: Shop) -> None:
    batch_id = await ran(shop, "update-stock", {"updates": [{"productId": "x"}]})
    shop.commands.on_end = lambda name: (  # the batch is found, and its chunks are not
        shop.fail("find", mode="alwaysOn", errorCode=8) if name == "find" else None
    )

    try:
        response = await get(shop, f"{batch_id}/results")
    finally:
        shop.fail(mode="off")

    assert (response.status_code, response.json()["error"]["code"]) == (500, "INTERNAL")


async def test_an_answer_that_breaks_off_is_no_whole_answer(shop: Shop) -> None:
    """The server cuts the connection, rather than end a file that lacks rows."""
    rows = "productId\n" + "x\n" * 2000
    batch_id = await ran(shop, "discontinue-products?batchSize=10", rows, CSV)
    sent: list[str] = []
    scope = download(batch_id)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            shop.fail("getMore", "find", mode="alwaysOn", errorCode=8)
        sent.append(message["type"])

    try:
        async with shop.http() as client:
            transport: Any = client._transport
            with pytest.raises(UnexpectedStoreError):
                await transport.app(scope, receive, send)
    finally:
        shop.fail(mode="off")

    assert sent == ["http.response.start", "http.response.body"]


async def test_a_reader_that_goes_away_leaves_no_cursor_behind(shop: Shop) -> None:
    rows = "productId\n" + "x\n" * 2000
    batch_id = await ran(shop, "discontinue-products?batchSize=10", rows, CSV)
    scope = download(batch_id)

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing is read")

    async def send(message: Any) -> None:
        if message.get("body"):
            raise OSError("gone")

    def open_cursors() -> int:
        status = shop.admin.admin.command("serverStatus")
        count: int = status["metrics"]["cursor"]["open"]["total"]
        return count

    before = open_cursors()
    async with shop.http() as client:
        transport: Any = client._transport
        await transport.app(scope, receive, send)

    async with asyncio.timeout(10):  # the driver ends cursors that nobody holds once a second
        while open_cursors() > before:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)
