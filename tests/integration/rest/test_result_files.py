"""Download the results of a batch as a file, in either format."""

import json

import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.rest_results import CSV, NDJSON, get, lines, poll, ran, submit, table

pytestmark = pytest.mark.either_driver


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
                "oldStock": 10,
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
        "id,name,price,stock,category,discontinued,result.index,result.row,result.success,result.code,"
        "result.error,result.message,result.oldStock,result.newStock,result.txId,"
        "result.publicationError,result.productId\r\n"
        f""",\"'=1+1, \"\"so\"\"\",1,2,"a\r\nb",false,0,,true,,,Created,,,,,{created}\r\n"""
        "x,Käse,-1,2,b,,1,,false,INVALID_PRODUCT_ID,"
        "“x” is not a product id: an id is 24 hexadecimal characters. The price -1 is out of "
        "range: it may be from 0 to 2147483647.,,,,,,x\r\n"
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

    assert response.text.startswith("productId,result.index,result.row,result.success,")
    assert response.text.count("\r\n") == 1


async def test_the_head_of_a_file_can_be_asked_for(shop: Shop) -> None:
    batch_id = await submit(shop, "update-stock", {"updates": [{}]})

    async with shop.http() as client:
        response = await client.head(f"/api/batches/{batch_id}/results")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == NDJSON


async def test_texts_that_no_database_holds_come_back_in_a_file(shop: Shop) -> None:
    updates = [{"productId": "\ud800", "quantity": 10**30}]

    batch_id = await ran(shop, "update-stock", {"updates": updates})

    (line,) = await lines(shop, batch_id)
    (result,) = (await poll(shop, batch_id))["results"]
    assert line["productId"] == result["productId"] == "\ud800"
    assert line["result"]["code"] == "INVALID_PRODUCT_ID"
