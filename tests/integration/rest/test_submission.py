"""Submit batches over REST, in each of the three formats."""

from typing import Any

import pytest

from tests.support.batches.batch_work import codes, work_off
from tests.support.shop import UNKNOWN_ID, Shop
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

pytestmark = pytest.mark.either_driver

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
        "dryRun": False,
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


@pytest.mark.parametrize("wrong", [["Cup"], [], {"Cup": 1}, {}])
async def test_a_list_or_an_object_is_no_text_when_the_batch_is_run(
    shop: Shop, wrong: object
) -> None:
    (product_id,) = await shop.put(10)
    created = await post(shop, "create-products", {"products": [CUP | {"name": wrong}]})
    updates = [{"productId": product_id, "data": {"category": wrong}}]
    updated = await post(shop, "update-products", {"updates": updates})

    await work_off(shop)

    for response in (created, updated):
        assert await codes(shop, response.json()["batchId"]) == ["INVALID_FIELD"]
    assert shop.products.count_documents({}) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allow"),
    [
        ("POST", "/api/batches/batch-update-prices", 404, "NOT_FOUND", None),
        ("POST", "/api/batches/update-price", 404, "NOT_FOUND", None),
        ("POST", "/api/batches", 404, "NOT_FOUND", None),
        ("PUT", "/api/batches", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"),
        ("GET", f"/api/batches/{UNKNOWN_ID}/cancel", 405, "METHOD_NOT_ALLOWED", "POST"),
        ("POST", "/api/products", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"),
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
        {"Content-Type": "text/csv; charset=cp037"},
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


@pytest.mark.parametrize("format_", ["json", "ndjson", "csv"])
@pytest.mark.parametrize(("path", "body", "query", "table"), BODIES)
async def test_a_preview_is_asked_for_in_each_format(
    shop: Shop, path: str, body: dict[str, Any], query: str, table: str, format_: str
) -> None:
    await shop.put(10, id=ID)
    before = list(shop.products.find())
    items = next(value for value in body.values() if isinstance(value, list))
    parameters = f"{path}?{query}&dryRun=true"

    if format_ == "json":
        response = await post(shop, path, body | {"dryRun": True})
    elif format_ == "ndjson":
        response = await post(shop, parameters, lines_of(items), NDJSON)
    else:
        response = await post(shop, parameters, table, CSV)
    await work_off(shop)

    answer = response.json()
    assert response.status_code == 201
    assert answer["dryRun"] is True
    assert answer["message"] == f"Dry run of a batch {MESSAGES[path].removeprefix('Batch ')}"
    assert list(shop.products.find()) == before
    assert len(await codes(shop, answer["batchId"])) == len(items)


@pytest.mark.parametrize("wrong", ["yes", 1, "true"])
async def test_a_flag_of_a_preview_is_true_or_false(shop: Shop, wrong: object) -> None:
    response = await post(shop, "update-stock", {"updates": [{"productId": ID}], "dryRun": wrong})

    assert response.status_code == 400
    assert refusal(response)["message"] == "dryRun is neither true nor false."
    assert_nothing_is_stored(shop)
