"""Submitting batches over REST, in each of the three formats."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from bson import ObjectId
from starlette.applications import Starlette
from starlette.routing import Mount

from server.assembly import Sizes
from server.batch.submissions import QueueLimits
from server.mongo.driver import DriverName
from server.mongo.embedded import EmbeddedMongod
from server.rest.view import Rest
from tests.support.shop import UNKNOWN_ID, Shop, open_shop

ID = "00000000000000000000000a"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
CUP: dict[str, Any] = {"name": "Cup", "price": 199, "stock": 10, "category": "tableware"}
# the path, a body of JSON, the parameters of a stream, and the same items as CSV
BODIES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "update-stock",
        {"updates": [{"productId": ID, "quantity": 5}, {"productId": "x", "expectedStock": 1}]},
        "",
        f"productId,quantity,expectedStock\n{ID},5,\nx,,1\n",
    ),
    ("discontinue-products", {"productIds": [ID, "x"]}, "", f"productId\n{ID}\nx\n"),
    (
        "update-price",
        {"productIds": [ID, "x"], "newPrice": 0},
        "newPrice=0",
        f"productId\n{ID}\nx\n",
    ),
    (
        "create-products",
        {"products": [CUP | {"discontinued": False}, CUP | {"id": ID}], "expireIn": 60000},
        "expireIn=60000",
        (
            "id,name,price,stock,category,discontinued\n"
            f",Cup,199,10,tableware,false\n{ID},Cup,199,10,tableware,\n"
        ),
    ),
    (
        "update-products",
        {"updates": [{"productId": ID, "data": {"name": "Mug", "price": 1}}], "batchSize": 7},
        "batchSize=7",
        f"productId,name,price,category\n{ID},Mug,1,\n",
    ),
    (
        "delete-products",
        {"deletes": [{"productId": ID, "cascadeDelete": False}], "cascadeDelete": True},
        "cascadeDelete=true",
        f"productId,cascadeDelete\n{ID},false\n",
    ),
]
MESSAGES = {
    "update-stock": "Batch stock update initiated",
    "discontinue-products": "Batch product discontinuation initiated",
    "update-price": "Batch price update initiated",
    "create-products": "Batch product creation initiated",
    "update-products": "Batch product update initiated",
    "delete-products": "Batch product deletion initiated",
}
STREAM = {  # as the server begins it
    "type": "http",
    "method": "POST",
    "path": "/api/batches/batch-update-stock",
    "query_string": b"batchSize=1",
    "headers": [(b"content-type", b"text/csv")],
}
PRICE_RANGE = "is out of range: it may be from 0 to 2147483647. It is in whole cents."
SIZE_RANGE = "is out of range: it may be from 1 to 1000. Leave it out for 500."
NO_LIST = "give a list of 1 to 100000 items."


async def post(
    shop: Shop,
    path: str,
    body: str | bytes | Mapping[str, Any] | AsyncIterator[bytes],
    media_type: str = "application/json",
    **headers: str,
) -> httpx.Response:
    """What the operation at `path` answers; of the headers' names `_` is `-`."""
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
    """The batch that was submitted, without what is its own, and with its items."""
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


@pytest.mark.parametrize(("path", "body"), [(path, body) for path, body, _, _ in BODIES])
async def test_a_batch_is_stored_and_answered_at_once(
    shop: Shop, path: str, body: dict[str, Any]
) -> None:
    response = await post(shop, path, body)

    answer = response.json()
    (document,) = shop.admin[shop.database]["batchOperations"].find()
    batch_id = str(document["_id"])
    assert (response.status_code, response.headers["Location"]) == (201, f"/api/batches/{batch_id}")
    assert answer == {
        "message": MESSAGES[path],
        "batchId": batch_id,
        "status": "pending",
        "totalItems": len(stored(shop, response)["items"]),
    }


@pytest.mark.parametrize(("path", "body", "query", "table"), BODIES)
async def test_the_three_formats_say_the_same(
    shop: Shop, path: str, body: dict[str, Any], query: str, table: str
) -> None:
    items = next(value for value in body.values() if isinstance(value, list))

    in_json = await post(shop, path, body)
    in_ndjson = await post(shop, f"{path}?{query}", lines_of(items), NDJSON)
    in_csv = await post(shop, f"{path}?{query}", table, CSV)

    batches = [stored(shop, one) for one in (in_json, in_ndjson, in_csv)]
    assert batches[0] == batches[1] == batches[2]
    assert batches[0]["items"] == [
        one if isinstance(one, dict) else {"productId": one} for one in items
    ]


@pytest.mark.parametrize(
    ("path", "body", "reasons"),
    [
        (
            "update-price",
            {},
            [f"productIds is missing: {NO_LIST}", "newPrice is missing: give the"],
        ),
        (
            "update-price",
            {"productIds": [], "newPrice": -1, "batchSize": 0},
            [
                f"productIds is empty: {NO_LIST}",
                f"newPrice -1 {PRICE_RANGE}",
                f"batchSize 0 {SIZE_RANGE}",
            ],
        ),
        (
            "update-price",
            {"productIds": "all", "newPrice": 1.5, "batchSize": "many"},
            [
                f"productIds is not a list: {NO_LIST}",
                "newPrice 1.5 is not a whole number. It is in whole cents.",
                "batchSize “many” is not a number. Leave it out for 500.",
            ],
        ),
        (
            "update-price",
            {"productIds": [ID, 5, None], "newPrice": "5", "newprice": 5},
            [
                "There is no key “newprice”: there may be productIds, batchSize, newPrice.",
                "productIds[1] is not a text: an id is 24 hexadecimal characters.",
                "productIds[2] is not a text: an id is 24 hexadecimal characters.",
                "newPrice “5” is not a number. It is in whole cents.",
            ],
        ),
        (
            "update-price",
            {"productIds": [ID], "newPrice": True},
            ["newPrice True is not a number. It is in whole cents."],
        ),
        (
            "update-price",
            {"productIds": ["x"] * 100_001, "newPrice": 5},
            ["productIds has 100001 items: at most 100000 are allowed."],
        ),
        (
            "update-stock",
            {"updates": [{"productId": ID, "qty": 1}, 5, {}, ["x"]], "newPrice": 5},
            [
                "There is no key “newPrice”: there may be updates, batchSize.",
                "updates[0] has the unknown key “qty”: there may be productId, quantity,",
                "updates[1] is not an object.",
                "updates[3] is not an object.",
            ],
        ),
        (
            "update-products",
            {"updates": [{"productId": ID, "data": {"stock": 1}}], "expireIn": 0},
            [
                "updates[0] has the unknown key “stock”: there may be name, price, category in",
                "expireIn 0 is out of range: it may be from 1 to 3153600000000. It is in milli",
            ],
        ),
        (
            "delete-products",
            {"deletes": [{"productId": ID}], "cascadeDelete": "yes"},
            ["cascadeDelete is neither true nor false."],
        ),
        ("discontinue-products", {"productIds": None}, [f"productIds is missing: {NO_LIST}"]),
    ],
)
async def test_all_that_is_wrong_with_a_request_is_told_at_once(
    shop: Shop, path: str, body: dict[str, Any], reasons: list[str]
) -> None:
    response = await post(shop, path, body)

    error = refusal(response)
    assert (response.status_code, error["code"]) == (400, "BAD_INPUT")
    assert len(error["reasons"]) == len(reasons)
    assert all(
        one.startswith(expected) for one, expected in zip(error["reasons"], reasons, strict=True)
    ), error["reasons"]
    assert error["message"] == (
        error["reasons"][0]
        if len(reasons) == 1
        else f"{len(reasons)} things are wrong with the request."
    )
    assert_nothing_is_stored(shop)


async def test_of_very_many_reasons_the_first_are_told(shop: Shop) -> None:
    response = await post(shop, "update-stock", {"updates": [1] * 1000})

    error = refusal(response)
    assert error["message"] == "1000 things are wrong with the request."
    assert error["reasons"][:2] == ["updates[0] is not an object.", "updates[1] is not an object."]
    assert error["reasons"][20:] == ["And 980 more."]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "The body is not JSON: Expecting value at character 1."),
        ("{", "The body is not JSON: "),
        ('{"updates": [NaN]}', "The body is not JSON: NaN is no number in JSON."),
        (b"\xff", "The body is not JSON: "),
        ("[" * 200_000, "The body is nested too deeply."),
        ("[]", "The body is not a JSON object."),
        ("null", "The body is not a JSON object."),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    shop: Shop, body: str | bytes, told: str
) -> None:
    response = await post(shop, "update-stock", body)

    assert response.status_code == 400
    assert refusal(response)["message"].startswith(told)
    assert_nothing_is_stored(shop)


async def test_a_parameter_beside_a_json_body_is_refused(shop: Shop) -> None:
    response = await post(shop, "update-stock?batchSize=5", {"updates": [{"productId": ID}]})

    assert response.status_code == 400
    assert refusal(response)["reasons"] == [
        "There is no parameter “batchSize”: in JSON, options stand beside updates."
    ]
    assert_nothing_is_stored(shop)


async def test_wrong_parameters_of_a_stream_are_told_before_it_is_read(shop: Shop) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    response = await post(
        shop, "update-price?newPrice=-1&batchSize=1001&price=5&batchSize=x", never(), CSV
    )

    assert response.status_code == 400
    assert refusal(response)["reasons"] == [
        "There is no parameter “price”: there may be batchSize, newPrice.",
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
        (CSV, "productId,quantity\n", "x,1\n", "x,1,2", "Line 102 has 3 cells"),
        (CSV, "productId,quantity\n", "x,1\n", '"x,1', "Line 102 has a quote that is not"),
        (CSV, "productId,quantity\n", "x,1\n", '"x"y,1', "Line 102 is not CSV"),
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


async def test_a_json_body_has_a_limit_and_a_stream_has_none(shop: Shop) -> None:
    items = [{"productId": "x", "quantity": 1}] * 500
    app = Starlette(routes=[Mount("/api", Rest(shop.services, max_request_bytes=1024))])
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


async def test_what_bad_values_an_item_has_is_its_own_affair(shop: Shop) -> None:
    updates: list[dict[str, Any]] = [
        {"productId": None, "quantity": {"$gt": 0}},
        {"productId": 5, "quantity": "9" * 100},
        {"quantity": 10**400},
        {"productId": ["x"], "quantity": None, "expectedStock": "\ud800"},
        {},
    ]

    response = await post(shop, "update-stock", {"updates": updates})

    assert (response.status_code, response.json()["totalItems"]) == (201, 5)


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allow"),
    [
        ("POST", "/api/batches/batch-update-prices", 404, "NOT_FOUND", None),
        ("POST", "/api/batches/update-price", 404, "NOT_FOUND", None),
        ("POST", "/api/batches", 404, "NOT_FOUND", None),
        ("GET", "/api/batches", 404, "NOT_FOUND", None),
        ("GET", "/api/nothing", 404, "NOT_FOUND", None),
        ("GET", "/api/batches/batch-update-price/results/x", 404, "NOT_FOUND", None),
        ("GET", "/api/batches/batch-update-price", 405, "METHOD_NOT_ALLOWED", "POST"),
        ("DELETE", "/api/batches/batch-update-price", 405, "METHOD_NOT_ALLOWED", "POST"),
        ("POST", f"/api/batches/{UNKNOWN_ID}", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"),
        ("DELETE", f"/api/batches/{UNKNOWN_ID}", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"),
        ("PUT", f"/api/batches/{UNKNOWN_ID}/results", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"),
    ],
)
async def test_what_there_is_not_is_told_in_json(
    shop: Shop, method: str, path: str, status: int, code: str, allow: str | None
) -> None:
    async with shop.http() as client:
        response = await client.request(method, path)

    assert (response.status_code, refusal(response)["code"]) == (status, code)
    assert response.headers.get("Allow") == allow
    assert response.headers["Content-Type"] == "application/json"


async def test_an_unknown_operation_is_told_which_there_are(shop: Shop) -> None:
    response = await post(shop, "update-prices", {})

    message = refusal(response)["message"]
    assert all(f"batch-{path}" in message for path in MESSAGES)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/xml"},
        {"Content-Type": ""},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/csv; charset=iso-8859-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_another_format_is_refused(shop: Shop, headers: dict[str, str]) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/api/batches/batch-update-stock", content=b"{}", headers=headers
        )

    assert (response.status_code, refusal(response)["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert_nothing_is_stored(shop)


async def test_the_media_type_may_be_spelled_in_other_ways(shop: Shop) -> None:
    in_json = await post(
        shop, "update-stock", {"updates": [{}]}, 'Application/JSON; charset="UTF-8"'
    )
    in_csv = await post(
        shop, "update-stock", "productId,quantity\nx,1", "text/csv;header=present;charset=utf-8"
    )

    assert (in_json.status_code, in_csv.status_code) == (201, 201)


async def test_the_same_key_gives_the_first_answer_again(shop: Shop) -> None:
    body = {"productIds": [ID], "newPrice": 5}

    first = await post(shop, "update-price", body, Idempotency_Key="spring sale")
    again = await post(shop, "update-price", body, Idempotency_Key="spring sale")
    streamed = await post(
        shop, "update-price?newPrice=5", f"productId\n{ID}", CSV, Idempotency_Key="spring sale"
    )

    assert [one.status_code for one in (first, again, streamed)] == [201, 201, 201]
    assert first.json() == again.json() == streamed.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == streamed.headers["Idempotent-Replayed"] == "true"
    assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


async def test_a_key_of_another_request_is_refused(shop: Shop) -> None:
    body = {"productIds": [ID], "newPrice": 5}
    first = await post(shop, "update-price", body, Idempotency_Key="k")

    response = await post(
        shop, "update-price", {"productIds": [ID], "newPrice": 6}, Idempotency_Key="k"
    )

    assert (response.status_code, refusal(response)["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert stored(shop, first)["settings"] == {"newPrice": 5}
    assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "käse", "a\tb"])
async def test_a_key_must_be_short_and_printable(shop: Shop, key: str) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/api/batches/batch-update-price",
            json={"productIds": [], "newPrice": 5},
            headers=[(b"Idempotency-Key", key.encode("latin-1"))],
        )

    assert response.status_code == 400
    assert refusal(response)["reasons"] == [
        f"productIds is empty: {NO_LIST}",
        "Idempotency-Key must be 1 to 200 printable ASCII characters.",
    ]


async def test_two_keys_are_refused(shop: Shop) -> None:
    async with shop.http() as client:
        response = await client.post(
            "/api/batches/batch-update-price",
            json={"productIds": [ID], "newPrice": 5},
            headers=[(b"Idempotency-Key", b"a"), (b"Idempotency-Key", b"b")],
        )

    assert response.status_code == 400
    assert refusal(response)["message"] == "There are several headers Idempotency-Key: send one."
    assert_nothing_is_stored(shop)


async def test_a_full_queue_takes_nothing(driver_name: DriverName, mongod: EmbeddedMongod) -> None:
    sizes = Sizes(queue=QueueLimits(chunks=1))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        first = await post(shop, "discontinue-products", {"productIds": [ID]})
        second = await post(shop, "discontinue-products", {"productIds": [ID]})

        assert (second.status_code, refusal(second)["code"]) == (429, "QUEUE_FULL")
        assert second.headers["Retry-After"] == "5"
        assert stored(shop, first)["totalItems"] == 1
        assert shop.admin[shop.database]["batchOperations"].count_documents({}) == 1


async def test_a_full_queue_still_gives_the_first_answer_again(
    driver_name: DriverName, mongod: EmbeddedMongod
) -> None:
    sizes = Sizes(queue=QueueLimits(chunks=1))
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop:
        body = {"productIds": [ID]}
        first = await post(shop, "discontinue-products", body, Idempotency_Key="k")
        again = await post(shop, "discontinue-products", body, Idempotency_Key="k")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"


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


async def test_a_key_whose_first_request_is_under_way_is_told(
    driver_name: DriverName, mongod: EmbeddedMongod
) -> None:
    under_way, answered = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"productId\n" + b"x\n" * 1500
        under_way.set()
        await answered.wait()
        yield b"y\n"

    sizes = Sizes(key_patience_seconds=0.1)
    path = "discontinue-products?batchSize=1"
    async with open_shop(mongod.uri, driver_name, sizes=sizes) as shop, shop.http() as client:
        sending = asyncio.create_task(
            client.post(
                f"/api/batches/batch-{path}",
                content=slow(),
                headers={"Content-Type": CSV, "Idempotency-Key": "k"},
            )
        )
        await under_way.wait()

        second = await post(shop, path, "productId\nx", CSV, Idempotency_Key="k")
        answered.set()
        first = await sending

        assert (second.status_code, refusal(second)["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
        assert second.headers["Retry-After"] == "1"
        assert stored(shop, first)["totalItems"] == 1501
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
