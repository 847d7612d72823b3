"""Following a batch over REST, and its results as a file that can be mended and sent again."""

import asyncio
import csv
import io
import json
from typing import Any

import httpx
import pytest

from server.domain.errors import UnexpectedStoreError
from tests.support.shop import UNKNOWN_ID, Shop

CSV = "text/csv"
NDJSON = "application/x-ndjson"


async def submit(shop: Shop, path: str, body: Any, media_type: str = "application/json") -> str:
    """Its batch's id."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    async with shop.http() as client:
        response = await client.post(
            f"/api/batches/batch-{path}", content=content, headers={"Content-Type": media_type}
        )
    assert response.status_code == 201, response.text
    batch_id: str = response.json()["batchId"]
    return batch_id


async def ran(shop: Shop, path: str, body: Any, media_type: str = "application/json") -> str:
    """The id of a batch that has ended."""
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
    """The download as NDJSON."""
    response = await get(shop, f"{batch_id}/results?{query}")
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


async def table(shop: Shop, batch_id: str, query: str = "") -> list[dict[str, str]]:
    """The download as CSV."""
    response = await get(shop, f"{batch_id}/results?format=csv&{query}")
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


async def test_a_batch_is_pending_until_it_is_run(shop: Shop) -> None:
    (cup,) = await shop.put(10)

    batch_id = await submit(shop, "update-stock", {"updates": [{"productId": cup, "quantity": 5}]})
    batch = await poll(shop, batch_id)

    assert batch == {
        "batchId": batch_id,
        "operationType": "update-stock",
        "status": "pending",
        "successCount": 0,
        "failureCount": 0,
        "processedItems": 0,
        "totalItems": 1,
        "createdAt": batch["createdAt"],
        "startedAt": None,
        "completedAt": None,
        "error": None,
        "retryOf": None,
        "publication": None,
        "results": [],
        "resultsUrl": f"/api/batches/{batch_id}/results",
    }
    assert await lines(shop, batch_id) == []
    assert shop.stocks() == {cup: 10}


async def test_a_batch_that_has_ended_tells_of_every_item(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [
        {"productId": cup, "quantity": 5},
        {"productId": cup, "quantity": -20},
        {"productId": "x", "quantity": "many"},
    ]

    batch_id = await ran(shop, "update-stock", {"updates": updates})
    batch = await poll(shop, batch_id.upper())

    times = [batch[name] for name in ("createdAt", "startedAt", "completedAt")]
    assert times == sorted(times)
    assert all(one.endswith("Z") and len(one) == 24 for one in times)
    counts = ("status", "successCount", "failureCount", "processedItems", "totalItems")
    assert [batch[name] for name in counts] == ["completed", 1, 2, 3, 3]
    assert batch["results"] == [
        {
            "index": 0,
            "productId": cup,
            "success": True,
            "message": "Stock is now 15",
            "newStock": 15,
            "txId": None,
        },
        {
            "index": 1,
            "productId": cup,
            "success": False,
            "error": "The stock is 15: 20 cannot be taken from it.",
            "code": "INSUFFICIENT_STOCK",
            "txId": None,
        },
        {
            "index": 2,
            "productId": "x",
            "success": False,
            "error": "“x” is not a product id: an id is 24 hexadecimal characters. "
            "The quantity “many” is not a number.",
            "code": "INVALID_PRODUCT_ID",
            "txId": None,
        },
    ]
    assert shop.stocks() == {cup: 15}


async def test_a_zero_price_is_a_price(shop: Shop) -> None:
    (cup,) = await shop.put(10)

    batch_id = await ran(shop, "update-price", {"productIds": [cup], "newPrice": 0})

    (result,) = (await poll(shop, batch_id))["results"]
    assert result == {
        "index": 0,
        "productId": cup,
        "success": True,
        "message": "Price updated to 0",
        "txId": None,
    }
    assert shop.products.find_one()["price"] == 0


async def test_a_poll_has_the_first_thousand_results_and_the_file_has_all(shop: Shop) -> None:
    batch_id = await ran(
        shop, "discontinue-products?batchSize=1000", "productId\n" + "x\n" * 1500, CSV
    )

    results = (await poll(shop, batch_id))["results"]
    without = await poll(shop, f"{batch_id}?results=false")

    assert [one["index"] for one in results] == list(range(1000))
    assert "results" not in without
    assert without["resultsUrl"] == f"/api/batches/{batch_id}/results"
    assert [one["result"]["index"] for one in await lines(shop, batch_id)] == list(range(1500))


@pytest.mark.parametrize("query", ["results=no", "results=", "results=TRUE"])
async def test_whether_results_are_wanted_is_true_or_false(shop: Shop, query: str) -> None:
    batch_id = await submit(shop, "update-stock", {"updates": [{}]})

    response = await get(shop, f"{batch_id}?{query}")

    assert response.status_code == 400
    assert response.json()["error"]["reasons"] == ["The parameter results must be true or false."]


@pytest.mark.parametrize("suffix", ["", "/results"])
@pytest.mark.parametrize("batch_id", [UNKNOWN_ID, "x", UNKNOWN_ID + "f", "%00", "é"])
async def test_a_batch_that_there_is_not_is_not_found(
    shop: Shop, batch_id: str, suffix: str
) -> None:
    response = await get(shop, batch_id + suffix)

    assert response.status_code == 404
    assert response.json() == {"error": {"code": "NOT_FOUND", "message": "There is no such batch."}}


async def test_a_file_is_ndjson_with_what_was_sent_and_what_became_of_it(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [
        {"productId": cup, "quantity": 5, "expectedStock": None},
        {"quantity": 1e300, "productId": UNKNOWN_ID},
    ]
    batch_id = await ran(shop, "update-stock", {"updates": updates})

    response = await get(shop, f"{batch_id}/results")

    assert response.headers["Content-Type"] == NDJSON
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="batch-{batch_id}-results.ndjson"'
    )
    assert [json.loads(line) for line in response.text.splitlines()] == [
        updates[0]
        | {
            "result": {
                "index": 0,
                "success": True,
                "message": "Stock is now 15",
                "newStock": 15,
                "productId": cup,
            }
        },
        updates[1]
        | {
            "result": {
                "index": 1,
                "success": False,
                "code": "INVALID_QUANTITY",
                "error": "The quantity 1e+300 is out of range: it may be from -2147483647 to "
                "2147483647.",
                "productId": UNKNOWN_ID,
            }
        },
    ]


async def test_a_file_is_csv_if_that_is_asked_for(shop: Shop) -> None:
    products = [
        {"name": '=1+1, "so"', "price": 1, "stock": 2, "category": "a\r\nb", "discontinued": False},
        {"id": "x", "name": "Käse", "price": -1, "stock": 2, "category": "b"},
    ]
    batch_id = await ran(shop, "create-products", {"products": products})

    response = await get(shop, f"{batch_id}/results?format=csv")

    created = shop.products.find_one()["_id"]
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="batch-{batch_id}-results.csv"'
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.text == (
        "id,name,price,stock,category,discontinued,result.index,result.success,result.code,"
        "result.error,result.message,result.newStock,result.txId,result.publicationError,"
        "result.productId\r\n"
        f',"=1+1, ""so""",1,2,"a\r\nb",false,0,true,,,Created,,,,{created}\r\n'
        "x,Käse,-1,2,b,,1,false,INVALID_PRODUCT_ID,"
        "“x” is not a product id: an id is 24 hexadecimal characters. The price -1 is out of "
        "range: it may be from 0 to 2147483647.,,,,,x\r\n"
    )


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "", NDJSON),
        ("", "*/*", NDJSON),
        ("", "text/html,application/xml;q=0.9,*/*;q=0.8", NDJSON),
        ("", "application/x-ndjson", NDJSON),
        ("", "text/csv", CSV),
        ("", "Text/CSV;q=0.5", CSV),
        ("", "text/*", CSV),
        ("", "text/csv, application/x-ndjson;q=0.9", CSV),
        ("", "text/csv;q=0.8, application/*;q=0.9", NDJSON),
        ("", "application/x-ndjson;q=0, */*", CSV),
        ("format=csv", "application/x-ndjson", CSV),
        ("format=ndjson", "text/csv", NDJSON),
        ("", "application/json", None),
        ("", "text/csv;q=0", None),
        ("", "text/csv;q=x", None),
        ("format=xml", "*/*", None),
        ("format=", "*/*", None),
    ],
)
async def test_the_format_is_chosen_by_parameter_or_header(
    shop: Shop, query: str, accept: str, media_type: str | None
) -> None:
    batch_id = await submit(shop, "update-stock", {"updates": [{}]})

    response = await get(shop, f"{batch_id}/results?{query}", Accept=accept)

    if media_type is None:
        assert (response.status_code, response.json()["error"]["code"]) == (406, "NOT_ACCEPTABLE")
    else:
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith(media_type)


async def test_a_file_can_have_the_failures_alone(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [{"productId": one, "quantity": 1} for one in (cup, "x", cup, UNKNOWN_ID)]
    batch_id = await ran(shop, "update-stock?", {"updates": updates})

    failed = await get(shop, f"{batch_id}/results?success=false")
    succeeded = await get(shop, f"{batch_id}/results?success=true&format=csv")

    assert [json.loads(line)["result"]["index"] for line in failed.text.splitlines()] == [1, 3]
    assert [row["result.index"] for row in await table(shop, batch_id, "success=true")] == [
        "0",
        "2",
    ]
    assert f"batch-{batch_id}-failed.ndjson" in failed.headers["Content-Disposition"]
    assert f"batch-{batch_id}-succeeded.csv" in succeeded.headers["Content-Disposition"]


async def test_a_wrong_parameter_of_a_file_is_refused(shop: Shop) -> None:
    batch_id = await submit(shop, "update-stock", {"updates": [{}]})

    response = await get(shop, f"{batch_id}/results?success=maybe")

    assert response.status_code == 400
    assert response.json()["error"]["message"] == "The parameter success must be true or false."


async def test_a_file_without_rows_has_its_header(shop: Shop) -> None:
    batch_id = await submit(shop, "update-price", {"productIds": ["x"], "newPrice": 5})

    response = await get(shop, f"{batch_id}/results?format=csv")

    assert response.text.startswith("productId,result.index,result.success,")
    assert response.text.count("\r\n") == 1


async def test_the_head_of_a_file_can_be_asked_for(shop: Shop) -> None:
    batch_id = await submit(shop, "update-stock", {"updates": [{}]})

    async with shop.http() as client:
        response = await client.head(f"/api/batches/{batch_id}/results")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == NDJSON


async def test_a_mended_csv_file_can_be_sent_again_as_it_is(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    sent = f'productId,quantity\n{cup},five\n{cup},-1\n"{cup[:-1]}\n",2\n'
    first = await ran(shop, "update-stock", sent, CSV)
    response = await get(shop, f"{first}/results?format=csv&success=false")

    mended = response.text.replace("five", "5").replace(f'"{cup[:-1]}\n"', cup)
    second = await ran(shop, "update-stock", mended, CSV)

    assert shop.stocks() == {cup: 16}
    assert [row["result.message"] for row in await table(shop, second)] == [
        "Stock is now 14",
        "Stock is now 16",
    ]


async def test_a_mended_ndjson_file_can_be_sent_again_as_it_is(shop: Shop) -> None:
    cup, mug = await shop.put(10, 10)
    updates = [
        {"productId": cup, "data": {"name": None, "price": 5}},
        {"productId": mug, "data": {"name": "Mug"}},
        {"productId": cup, "data": {"category": ""}},
    ]
    first = await ran(shop, "update-products", {"updates": updates})
    response = await get(shop, f"{first}/results?success=false")

    mended = response.text.replace(":null", ':"Käse, =1+1"').replace(':""', ':"food"')
    second = await ran(shop, "update-products", mended, NDJSON)

    batch = await poll(shop, second)
    product = shop.products.find_one({"name": "Käse, =1+1"})
    assert (batch["successCount"], batch["failureCount"]) == (2, 0)
    assert (str(product["_id"]), product["price"], product["category"]) == (cup, 5, "food")


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
async def test_what_failed_fails_in_the_same_way_if_it_is_sent_unmended(
    shop: Shop, file_format: str
) -> None:
    deletes = [{"productId": "x", "cascadeDelete": True}, {"productId": UNKNOWN_ID}]
    first = await ran(shop, "delete-products", {"deletes": deletes})
    response = await get(shop, f"{first}/results?format={file_format}")

    media_type = response.headers["Content-Type"].split(";")[0]
    second = await ran(shop, "delete-products", response.content, media_type)

    assert await lines(shop, second) == await lines(shop, first)


async def test_texts_that_no_database_holds_come_back_in_a_file(shop: Shop) -> None:
    updates = [{"productId": "\ud800", "quantity": 10**30}]

    batch_id = await ran(shop, "update-stock", {"updates": updates})

    (line,) = await lines(shop, batch_id)
    (result,) = (await poll(shop, batch_id))["results"]
    assert line["productId"] == result["productId"] == "\ud800"
    assert line["result"]["code"] == "INVALID_PRODUCT_ID"


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
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/api/batches/{batch_id}/results",
        "query_string": b"",
        "headers": [],
        "asgi": {"spec_version": "2.4"},
    }

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
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/api/batches/{batch_id}/results",
        "query_string": b"",
        "headers": [],
        "asgi": {"spec_version": "2.4"},
    }

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
