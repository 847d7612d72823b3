"""Convex's HTTP protocol: what is sent, what comes back, and what is refused how."""

import json
from typing import Any

import httpx
import pytest
from bson import ObjectId

from server.convex.function import FUNCTIONS
from server.convex.view import Convex
from tests.integration.shop import UNKNOWN_ID, Shop
from tests.integration.test_cancellation import committing, slow_commits

pytestmark = pytest.mark.either_driver

JSON = {"content-type": "application/json"}
FIVE = {"$integer": "BQAAAAAAAAA="}
NAN = {"$float": "AAAAAAAA+H8="}
# What usePaginatedQuery sends besides.
OTHER_CLIENTS = {"id": 1, "endCursor": None, "maximumRowsRead": 5, "maximumBytesRead": 5}


async def send(shop: Shop, kind: str, body: Any, **headers: str) -> httpx.Response:
    async with shop.http() as client:
        return await client.post(f"/api/{kind}", json=body, headers=headers)


async def call(shop: Shop, kind: str, path: str, args: Any, **headers: str) -> Any:
    """The whole answer to a call as the npm package sends it."""
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
    """What the client throws: a ConvexError whose `data` this is."""
    answer = await call(shop, kind, path, args, **headers)
    assert {*answer} == {"status", "errorMessage", "errorData", "logLines"}
    assert answer["status"] == "error"
    assert answer["errorMessage"] == answer["errorData"]["message"]
    return answer["errorData"]


async def test_seed_1_is_answered_as_it_stands_there(shop: Shop) -> None:
    id1, id2, id3 = ids = await shop.put(10, 10, 10)
    updates = [
        {"productId": id1, "quantity": 5},
        {"productId": id2, "quantity": -3},
        {"productId": id3, "quantity": 10},
    ]

    updated = await call(shop, "mutation", "batchUpdateStock", {"updates": updates})
    discontinued = await call(shop, "mutation", "batchDiscontinueProducts", {"productIds": ids})

    assert updated == {
        "status": "success",
        "value": [
            {"productId": id1, "success": True, "newStock": 15},
            {"productId": id2, "success": True, "newStock": 7},
            {"productId": id3, "success": True, "newStock": 20},
        ],
        "logLines": [],
    }
    assert discontinued == {
        "status": "success",
        "value": {"updated": 3, "failed": 0},
        "logLines": [],
    }


async def test_items_that_fail_are_data(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [
        {"productId": cup, "quantity": NAN},
        {"productId": cup, "quantity": -11},
        {"productId": cup, "quantity": FIVE},
        {"productId": cup, "quantity": 5.0, "expectedStock": FIVE},
    ]

    nan, too_much, five, stale = await value(
        shop, "mutation", "batchUpdateStock", {"updates": updates}
    )

    assert nan["error"]["code"] == "INVALID_QUANTITY"
    assert too_much == {
        "productId": cup,
        "success": False,
        "error": {
            "code": "INSUFFICIENT_STOCK",
            "message": "The stock is 10: 11 cannot be taken from it.",
            "path": ["updates", "1", "quantity"],
            "retryable": False,
            "currentStock": 10,
        },
    }
    assert five == {"productId": cup, "success": True, "newStock": 15}
    assert stale["error"]["code"] == "STALE_STOCK"
    assert shop.stocks() == {cup: 15}


async def test_what_is_not_all_well_is_told_when_discontinuing(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    await shop.discontinue([cup])

    answer = await value(
        shop, "mutation", "batchDiscontinueProducts", {"productIds": [cup, UNKNOWN_ID]}
    )

    (failure,) = answer.pop("failures")
    assert answer == {"updated": 0, "unchanged": 1, "failed": 1}
    assert (failure["index"], failure["error"]["code"]) == (1, "PRODUCT_NOT_FOUND")


async def test_every_other_function_answers_what_graphql_does(shop: Shop) -> None:
    created = await value(
        shop,
        "mutation",
        "inventory:batchCreateProducts",
        {"products": [{"name": "Cup", "price": 100, "stock": 10, "category": "tableware"}]},
    )
    ((cup,), counts) = created["created"], created["stats"]
    patched = await value(
        shop,
        "mutation",
        "inventory.js:batchUpdateProducts",
        {"updates": [{"productId": cup["id"], "data": {"price": 200}}]},
    )
    batch = await value(
        shop,
        "mutation",
        "submitBatch",
        {"operation": {"updatePrice": {"productIds": [cup["id"], UNKNOWN_ID], "newPrice": 300}}},
    )
    cancelled = await value(shop, "mutation", "cancelBatch:default", {"id": batch["id"]})
    results = await value(shop, "query", "batchResults", {"id": batch["id"]})
    retried = await value(shop, "mutation", "retryBatch", {"id": batch["id"]})
    unpublished = await error(shop, "mutation", "retryPublication", {"id": batch["id"]})
    deleted = await value(
        shop, "mutation", "batchDeleteProducts", {"deletes": [{"productId": cup["id"]}]}
    )

    assert counts == {"total": 1, "created": 1, "failed": 0}
    assert {*cup} == {
        *("id", "name", "price", "stock", "category", "discontinued", "createdAt", "updatedAt")
    }
    assert [one["price"] for one in patched["updated"]] == [200]
    assert (batch["status"], batch["totalItems"]) == ("PENDING", 2)
    assert (cancelled["status"], cancelled["failureCount"]) == ("CANCELLED", 2)
    assert [one["error"]["code"] for one in results["page"]] == ["CANCELLED", "CANCELLED"]
    assert retried["retryOf"] == batch["id"]
    assert unpublished["code"] == "BAD_INPUT"
    assert deleted == {
        "outcome": "ALL",
        "deleted": [],
        "deletedCount": 1,
        "notFound": [],
        "failed": [],
        "stats": {"total": 1, "deleted": 1, "notFound": 0, "failed": 0, "cascaded": 0},
    }
    assert await value(shop, "query", "product", {"id": cup["id"]}) is None


async def test_pages_follow_each_other_to_the_end(shop: Shop) -> None:
    ids = await shop.put(1, 2, 3, category="paged")
    arguments: dict[str, Any] = {"filter": {"category": "paged"}, "orderBy": "STOCK_ASC"}

    first = await value(
        shop,
        "query",
        "products",
        arguments | {"paginationOpts": OTHER_CLIENTS | {"numItems": 2, "cursor": None}},
    )
    second = await value(
        shop,
        "query",
        "products",
        arguments | {"paginationOpts": {"numItems": 2.0, "cursor": first["continueCursor"]}},
    )

    assert [one["id"] for one in first["page"]] == ids[:2]
    assert [one["id"] for one in second["page"]] == ids[2:]
    assert (first["isDone"], second["isDone"]) == (False, True)
    assert {*first} == {"page", "isDone", "continueCursor"}


async def test_an_empty_list_is_a_page_whose_cursor_waits_for_what_comes(shop: Shop) -> None:
    empty = await value(
        shop, "query", "stockUpdates", {"paginationOpts": {"numItems": 2, "cursor": None}}
    )
    (cup,) = await shop.put(10)
    await shop.update([(cup, 5)])

    later = await value(
        shop,
        "query",
        "stockUpdates",
        {"paginationOpts": {"numItems": 2, "cursor": empty["continueCursor"]}},
    )

    assert empty == {"page": [], "isDone": True, "continueCursor": ""}
    assert [one["newStock"] for one in later["page"]] == [15]
    assert later["isDone"]


async def test_a_page_behind_the_end_is_empty_and_keeps_its_cursor(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    last = await value(shop, "query", "products", {})

    behind = await value(
        shop,
        "query",
        "products",
        {"paginationOpts": {"numItems": 2, "cursor": last["continueCursor"]}},
    )

    assert [one["id"] for one in last["page"]] == [cup]
    assert behind == {"page": [], "isDone": True, "continueCursor": last["continueCursor"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"numItems": 0, "cursor": None},
            "paginationOpts.numItems is 0: it must be from 1 to 1000.",
        ),
        (
            {"numItems": 1001, "cursor": None},
            "paginationOpts.numItems is 1001: it must be from 1 to 1000.",
        ),
        (
            {"numItems": 2.5, "cursor": None},
            (
                "Argument 'paginationOpts.numItems' has invalid value: "
                "Int cannot represent non-integer value: 2.5"
            ),
        ),
        (
            {"numItems": 2, "cursor": "x"},
            (
                "paginationOpts.cursor is not a cursor: pass the continueCursor of the page "
                "before, unchanged, or leave it out."
            ),
        ),
        (
            {"cursor": None},
            "paginationOpts must be {numItems, cursor}; cursor is null for the first page.",
        ),
        (
            {"numItems": None, "cursor": None},
            "paginationOpts must be {numItems, cursor}; cursor is null for the first page.",
        ),
        (
            {"numItems": 1, "cursor": False},
            (
                "Argument 'paginationOpts.cursor' has invalid value: "
                "String cannot represent a non string value: False"
            ),
        ),
        (5, "paginationOpts must be {numItems, cursor}; cursor is null for the first page."),
        (
            {"numItems": 2, "first": 2},
            "paginationOpts has no field “first”: give numItems and cursor.",
        ),
    ],
)
async def test_wrong_pagination_is_told_in_convex_s_words(
    shop: Shop, options: Any, message: str
) -> None:
    refused = await error(shop, "query", "products", {"paginationOpts": options})

    assert refused == {"code": "BAD_INPUT", "message": message}


async def test_relay_s_arguments_are_none_of_convex_s(shop: Shop) -> None:
    refused = await error(shop, "query", "products", {"first": 2})

    assert refused["message"] == (
        "products has no argument “first”: there may be filter, orderBy, paginationOpts."
    )


@pytest.mark.parametrize("format_", ["convex_encoded_json", "json", None])
@pytest.mark.parametrize("wrap", [lambda args: args, lambda args: [args]], ids=["bare", "list"])
async def test_every_form_of_a_call_is_taken(shop: Shop, format_: str | None, wrap: Any) -> None:
    (cup,) = await shop.put(10)
    body = {"path": "product", "args": wrap({"id": cup})}

    answer = await send(shop, "query", body | ({"format": format_} if format_ else {}))

    assert answer.json()["value"]["stock"] == 10


async def test_a_client_whose_address_ends_with_a_slash_is_answered(shop: Shop) -> None:
    async with shop.http() as client:
        answer = await client.post(
            "http://test//api/query", json={"path": "product", "args": {"id": UNKNOWN_ID}}
        )

    assert answer.json() == {"status": "success", "value": None, "logLines": []}


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


@pytest.mark.parametrize("where", ["arguments", "header", "both"])
async def test_a_key_makes_a_call_safe_to_repeat(shop: Shop, where: str) -> None:
    (cup,) = await shop.put(10)
    updates = {"updates": [{"productId": cup, "quantity": 5}]}
    args = updates | ({} if where == "header" else {"idempotencyKey": "k"})
    headers = {} if where == "arguments" else {"Idempotency-Key": "k"}
    body = {"path": "batchUpdateStock", "args": [args]}

    first = await send(shop, "mutation", body, **headers)
    again = await send(shop, "mutation", body, **headers)

    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (shop.stocks(), len(shop.rows())) == ({cup: 15}, 1)


async def test_a_key_of_another_call_is_a_typed_error(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    args = {"updates": [{"productId": cup, "quantity": 5}], "idempotencyKey": "k"}
    await value(shop, "mutation", "batchUpdateStock", args)

    other = args | {"updates": [{"productId": cup, "quantity": 6}]}
    refused = await error(shop, "mutation", "batchUpdateStock", other)

    assert refused["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert shop.stocks() == {cup: 15}


async def test_a_key_works_where_graphql_takes_it_by_header_alone(shop: Shop) -> None:
    batch = await value(
        shop,
        "mutation",
        "submitBatch",
        {"operation": {"discontinueProducts": {"productIds": [str(ObjectId())]}}},
    )
    await value(shop, "mutation", "cancelBatch", {"id": batch["id"], "idempotencyKey": "c"})

    first = await value(shop, "mutation", "retryBatch", {"id": batch["id"], "idempotencyKey": "k"})
    again = await value(shop, "mutation", "retryBatch", {"id": batch["id"], "idempotencyKey": "k"})
    refused = await error(
        shop,
        "mutation",
        "retryBatch",
        {"id": batch["id"], "idempotencyKey": "k"},
        **{"Idempotency-Key": "other"},
    )

    assert first["id"] == again["id"] != batch["id"]
    assert refused["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    ("first", "same"),
    [(5, 5.0), (5, FIVE), (5.0, FIVE), (0, {"$float": "AAAAAAAAAIA="}), (-0.0, 0)],
)
async def test_a_number_is_the_same_in_every_form(shop: Shop, first: Any, same: Any) -> None:
    (cup,) = await shop.put(10)

    async def add(quantity: Any) -> httpx.Response:
        args = {"updates": [{"productId": cup, "quantity": quantity}], "idempotencyKey": "k"}
        return await send(shop, "mutation", {"path": "batchUpdateStock", "args": args})

    answers = [await add(first), await add(same)]

    assert answers[0].json()["status"] == "success"
    assert answers[1].json() == answers[0].json()
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_a_key_is_the_same_over_graphql(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [{"productId": cup, "quantity": 5}]
    args = {"updates": updates, "idempotencyKey": "k"}
    await value(shop, "mutation", "batchUpdateStock", args)

    answer = await shop.post_query(
        "mutation ($updates: [StockUpdateInput!]!) "
        '{ batchUpdateStock(updates: $updates, idempotencyKey: "k") { newStock } }',
        updates=updates,
    )

    assert answer == {
        "data": {"batchUpdateStock": [{"newStock": 15}]},
        "extensions": {"idempotentReplay": True},
    }


async def test_two_headers_are_one_key(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    body = {"path": "batchUpdateStock", "args": {"updates": [{"productId": cup, "quantity": 5}]}}

    for keys in (["a", "b"], ["a"]):
        async with shop.http() as client:
            headers = [("Idempotency-Key", key) for key in keys]
            await client.post("/api/mutation", json=body, headers=headers)

    assert shop.stocks() == {cup: 20}


async def test_a_header_alone_makes_retry_batch_safe(shop: Shop) -> None:
    batch = await value(
        shop,
        "mutation",
        "submitBatch",
        {"operation": {"discontinueProducts": {"productIds": [UNKNOWN_ID]}}},
    )
    await value(shop, "mutation", "cancelBatch", {"id": batch["id"]})

    retried = [
        await value(shop, "mutation", "retryBatch", {"id": batch["id"]}, **{"Idempotency-Key": "k"})
        for _ in range(2)
    ]

    assert retried[0]["id"] == retried[1]["id"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (5, "idempotencyKey must be a text."),
        ("", "idempotencyKey must be 1 to 200 printable ASCII characters."),
    ],
)
async def test_a_key_that_is_none_is_refused_everywhere(shop: Shop, key: Any, message: str) -> None:
    for name in ("cancelBatch", "retryBatch", "retryPublication"):
        refused = await error(shop, "mutation", name, {"id": UNKNOWN_ID, "idempotencyKey": key})
        assert refused == {"code": "BAD_INPUT", "message": message}


async def test_a_query_takes_no_key(shop: Shop) -> None:
    refused = await error(shop, "query", "product", {"id": UNKNOWN_ID, "idempotencyKey": "k"})

    assert refused["message"] == "product has no argument “idempotencyKey”: there may be id."


async def test_a_large_call_is_answered_like_a_small_one(shop: Shop) -> None:
    ids = [f"{number:024x}" for number in range(1_000)]
    args = {"productIds": ids, "options": {"batchSize": 1000}, "idempotencyKey": "k" * 200}
    body = json.dumps({"path": "batchDiscontinueProducts", "args": [args]})

    async with shop.http() as client:
        answer = await client.post("/api/mutation", content=body + " " * 1_000_000, headers=JSON)
        wrong = await client.post(
            "/api/mutation", content=body.replace("{", "{ ", 1) + " " * 1_000_000, headers=JSON
        )

    assert answer.json()["value"]["failed"] == 1_000
    assert wrong.headers["idempotent-replayed"] == "true"


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
        "key the call can be sent again without doing anything twice; without one, look at "
        "stockUpdates first.",
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

    monkeypatch.setattr(type(shop.services.catalog), "products", fail)
    masked = await call(shop, "query", "product", {"id": UNKNOWN_ID})

    assert away["code"] == "UNAVAILABLE"
    assert {*masked} == {"status", "errorMessage", "logLines"}  # a plain Error in the client
    assert masked["errorMessage"].startswith("Internal error. (Error ")


async def test_pages_of_other_origins_may_call(shop: Shop) -> None:
    async with shop.http() as client:
        asked = await client.options(
            "/api/mutation",
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type, convex-client, idempotency-key",
            },
        )
        answered = await client.post(
            "/api/query",
            json={"path": "product", "args": {"id": UNKNOWN_ID}},
            headers={"Origin": "https://shop.example"},
        )

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert "convex-client" in asked.headers["access-control-allow-headers"]
    assert answered.headers["access-control-allow-origin"] == "*"
    exposed = answered.headers["access-control-expose-headers"]
    assert {*exposed.split(", ")} == {"Idempotent-Replayed", "Location", "Retry-After"}
