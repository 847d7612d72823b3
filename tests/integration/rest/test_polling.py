"""Follow a batch over REST until it has ended."""

import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.rest_results import CSV, get, lines, poll, ran, submit

pytestmark = pytest.mark.either_driver


async def test_a_batch_is_pending_until_it_is_run(shop: Shop) -> None:
    (cup,) = await shop.put(10)

    batch_id = await submit(shop, "update-stock", {"updates": [{"productId": cup, "quantity": 5}]})
    batch = await poll(shop, batch_id)

    assert batch == {
        "batchId": batch_id,
        "operationType": "update-stock",
        "createdBy": "anonymous",
        "dryRun": False,
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
            "oldStock": 10,
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
