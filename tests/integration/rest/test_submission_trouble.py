"""Submit a batch over REST to a server that is full, limited or without its database."""

import logging

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from server.assembly import Sizes
from server.batches.stored.submissions import QueueLimits
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from server.web.error_answer import ErrorsAnswered
from server.web.rest.view import Rest
from tests.support.shop import Shop, open_shop
from tests.support.web.rest_calls import (
    CSV,
    ID,
    NDJSON,
    assert_nothing_is_stored,
    lines_of,
    post,
    refusal,
    stored,
)


async def test_a_json_body_has_a_limit_and_a_stream_has_none(shop: Shop) -> None:
    items = [{"productId": "x", "quantity": 1}] * 500
    app = Starlette(
        routes=[Mount("/api", Rest(shop.services, max_request_bytes=1024))],
        middleware=[Middleware(ErrorsAnswered)],
    )
    path = "/api/batches/batch-update-stock"

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        whole = await client.post(path, json={"updates": items})
        streamed = await client.post(
            path, content=lines_of(items), headers={"Content-Type": NDJSON}
        )

    assert (whole.status_code, refusal(whole)["code"]) == (413, "REQUEST_TOO_LARGE")
    assert refusal(whole)["message"].startswith("The request is larger than 1024 bytes: send less,")
    assert stored(shop, streamed)["items"] == items
    assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


async def test_a_full_queue_takes_nothing(driver_name: DriverName, mongod: EmbeddedMongod) -> None:
    sizes = Sizes(queue=QueueLimits(chunks=1))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        first = await post(shop, "discontinue-products", {"productIds": [ID]})
        second = await post(shop, "discontinue-products", {"productIds": [ID]})

        assert (second.status_code, refusal(second)["code"]) == (429, "QUEUE_FULL")
        assert second.headers["Retry-After"] == "5"
        assert stored(shop, first)["totalItems"] == 1
        assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


async def test_a_json_body_with_more_items_than_this_server_takes_is_refused(
    driver_name: DriverName, mongod: EmbeddedMongod
) -> None:
    sizes = Sizes(queue=QueueLimits(items=2))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        whole = await post(shop, "discontinue-products", {"productIds": ["a", "b", "c"]})
        streamed = await post(shop, "discontinue-products", "productId\na\nb\nc\n", CSV)

        assert (whole.status_code, refusal(whole)["code"]) == (413, "BATCH_TOO_LARGE")
        assert stored(shop, streamed)["totalItems"] == 3
        assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


async def test_an_unforeseen_error_is_masked_with_an_id_that_the_log_has(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with shop.failing("insert", mode="alwaysOn", errorCode=8):
        response = await post(shop, "update-stock", {"updates": [{"productId": ID}]})

    error = refusal(response)
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert (response.status_code, error["code"]) == (500, "INTERNAL")
    assert error["errorId"] == record.__dict__["error_id"]
    assert error["message"] == f"Internal error. (Error {error['errorId']})"
    assert_nothing_is_stored(shop)


async def test_a_database_that_is_away_is_told(
    driver_name: DriverName, mongod: EmbeddedMongod
) -> None:
    async with open_shop(mongod.uri, driver_name, deadline_seconds=0.2) as shop:
        with shop.failing("insert", mode="alwaysOn", closeConnection=True):
            response = await post(shop, "update-stock", {"updates": [{"productId": ID}]})

        assert (response.status_code, refusal(response)["code"]) == (503, "UNAVAILABLE")
        assert response.headers["Retry-After"] == "1"
        assert_nothing_is_stored(shop)
