"""Send what is refused over Convex's protocol."""

from typing import Any

import pytest

from server.web.convex.function import FUNCTIONS
from server.web.convex.view import Convex
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.slow_commits import committing, slow_commits
from tests.support.web.convex_calls import JSON, call, error, send

pytestmark = pytest.mark.either_driver


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "Argument 'updates' has invalid value: Expected a value of non-null type "),
        ({"updates": [], "atomic": True}, "batchUpdateStock has no argument “atomic”: there may "),
        ({"updates": [{"productId": "x"}]}, "Argument 'updates' has invalid value at [0]: "),
        ({"updates": [{"$x": 1, "y": 2}]}, "updates[0] has the field “$x”: names that begin with "),
        ({"updates": [{"é": 1}]}, "updates[0] has the field “é”: a name is of printable ASCII."),
        ({"updates": {"$integer": "x"}}, "updates has a $integer that is not 8 bytes in base64."),
        (5, "args must be one object, or a list of one object: the function's arguments."),
        ([], "args must be one object, or a list of one object: the function's arguments."),
        ([{}, {}], "args must be one object, or a list of one object: the function's arguments."),
        (None, "args must be one object, or a list of one object: the function's arguments."),
    ],
)
async def test_wrong_arguments_throw_a_typed_error_and_change_nothing(
    shop: Shop, args: Any, message: str
) -> None:
    (cup,) = await shop.put(10)

    response = await send(shop, "mutation", {"path": "batchUpdateStock", "args": args})
    refused = response.json()["errorData"]

    assert refused["code"] == "BAD_INPUT"
    assert refused["message"].startswith(message)
    assert (shop.stocks(), shop.rows()) == ({cup: 10}, [])


async def test_arguments_of_any_depth_are_refused_and_not_a_fault(shop: Shop) -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}

    refused = await error(shop, "mutation", "batchUpdateStock", {"updates": deep})

    assert refused["code"] == "BAD_INPUT"


async def test_too_many_items_are_told_with_their_code(shop: Shop) -> None:
    refused = await error(
        shop, "mutation", "batchDiscontinueProducts", {"productIds": [UNKNOWN_ID] * 10_001}
    )

    assert refused["code"] == "BATCH_TOO_LARGE"


@pytest.mark.parametrize("name", [one.name for one in FUNCTIONS.values()])
async def test_a_function_is_called_by_its_kind_alone(shop: Shop, name: str) -> None:
    kind = FUNCTIONS[name].kind
    other = {"query": "mutation", "mutation": "query"}[kind]

    refused = await error(shop, other, name, {})

    assert refused == {
        "code": "BAD_INPUT",
        "message": f"{name} is a {kind}: call client.{kind}(…), which is POST /api/{kind}.",
    }


async def test_a_function_that_there_is_not(shop: Shop) -> None:
    refused = await error(shop, "mutation", "dropAll", {})

    assert refused["message"].startswith("There is no function “dropAll”. Of kind mutation there ")


@pytest.mark.parametrize(
    ("status", "code", "body"),
    [
        (400, "BAD_INPUT", b"{"),
        (400, "BAD_INPUT", b"[]"),
        (400, "BAD_INPUT", b'{"args": {}}'),
        (400, "BAD_INPUT", b'{"path": 5, "args": {}}'),
        (400, "BAD_INPUT", b'{"path": "product", "args": {}, "format": "xml"}'),
        (400, "BAD_INPUT", b'{"path": "product", "args": {}, "format": []}'),
        (400, "BAD_INPUT", b'{"path": "product", "args": {"id": NaN}}'),
        (400, "BAD_INPUT", b"[" * 100_000),
        (400, "BAD_INPUT", '{"path": "product"}'.encode("utf-16")),
        (400, "BAD_INPUT", b'{"path": "product", "args": {"id": "\xed\xa0\x80"}}'),
    ],
)
async def test_what_is_no_call_is_a_fault_of_the_transport(
    shop: Shop, status: int, code: str, body: bytes
) -> None:
    async with shop.http() as client:
        answer = await client.post("/api/query", content=body, headers=JSON)

    assert answer.status_code == status
    assert {*answer.json()} == {"code", "message"}
    assert answer.json()["code"] == code


async def test_other_media_types_methods_and_endpoints_are_refused(shop: Shop) -> None:
    async with shop.http() as client:
        text = await client.post("/api/mutation", content=b"{}")
        read = await client.get("/api/query")
        action = await client.post("/api/action", json={})
        at_a_time = await client.post("/api/query_ts")
        at_that_time = await client.post("/api/query_at_ts", json={})

    assert (text.status_code, text.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert (read.status_code, read.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert read.headers["allow"] == "POST"
    assert (action.status_code, action.json()["code"]) == (404, "NOT_FOUND")
    assert (at_a_time.status_code, at_a_time.json()["code"]) == (404, "NOT_FOUND")
    assert (at_that_time.status_code, at_that_time.json()["code"]) == (404, "NOT_FOUND")


async def test_a_body_that_is_too_large_is_refused(shop: Shop) -> None:
    body = b'{"path": "product", "args": {"id": "' + b"x" * 32 * 1024**2 + b'"}}'
    async with shop.http() as client:
        answer = await client.post("/api/query", content=body, headers=JSON)

    assert answer.status_code == 413
    assert answer.json()["code"] == "REQUEST_TOO_LARGE"


async def test_a_call_that_is_cut_off_is_told_that_it_may_take_effect(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    body = {"path": "batchUpdateStock", "args": {"updates": [{"productId": cup, "quantity": 5}]}}
    with slow_commits(shop):
        calling = await committing(shop, send(shop, "mutation", body))
        calling.cancel()
        answer = await calling
        await shop.engine.drain()

    assert answer.status_code == 503
    assert answer.json() == {
        "code": "UNAVAILABLE",
        "message": "The server stops, and what has begun goes on to its end. With an idempotency "
        "key, send the request again: nothing is done twice. Without one, look at stockUpdates or "
        "batchOperations first.",
    }
    assert "retry-after" not in answer.headers
    assert shop.stocks() == {cup: 15}


async def test_a_client_that_hangs_up_while_it_sends_is_no_fault(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    convex = Convex(shop.services, max_request_bytes=1_000)
    (route, *_) = convex.routes()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send_(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": route.path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await route.app(scope, receive, send_)

    assert [one["status"] for one in sent if "status" in one] in ([], [200])
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


async def test_a_database_that_is_away_is_told_and_a_fault_of_ours_is_masked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.failing("find", mode="alwaysOn", closeConnection=True):
        away = await error(shop, "query", "product", {"id": UNKNOWN_ID})

    async def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(type(shop.services.products), "by_ids", fail)
    masked = await call(shop, "query", "product", {"id": UNKNOWN_ID})

    assert away["code"] == "UNAVAILABLE"
    assert {*masked} == {"status", "errorMessage", "logLines"}  # a plain Error in the client
    assert masked["errorMessage"].startswith("Internal error. (Error ")
