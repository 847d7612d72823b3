"""Read products and the ledger as files, over any number of pages."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from server.web.rest.exports import export
from tests.support.batches.batch_work import work_off
from tests.support.shop import Shop
from tests.support.web.rest_calls import CSV, post, refusal

pytestmark = pytest.mark.either_driver

PRODUCT_COLUMNS = [
    *("id", "name", "price", "stock", "category", "discontinued"),
    *("createdAt", "updatedAt", "expiresAt"),
]
ROW_COLUMNS = [
    *("id", "productId", "quantity", "timestamp", "status", "reason"),
    *("newStock", "code", "error", "batchId", "createdBy"),
]


async def get(shop: Shop, path: str, **parameters: Any) -> httpx.Response:
    async with shop.http() as client:
        return await client.get(f"/api/{path}", params=parameters)


async def rows(shop: Shop, path: str, **parameters: Any) -> list[dict[str, Any]]:
    response = await get(shop, path, **parameters)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_BLOCK", 2)


@pytest.mark.usefixtures("small_pages")
async def test_all_products_are_in_the_file_once(shop: Shop) -> None:
    ids = await shop.put(*range(7))

    found = await rows(shop, "products")

    assert sorted(row["id"] for row in found) == sorted(ids)
    assert {row["id"]: row["stock"] for row in found} == shop.stocks()
    assert [*found[0]] == PRODUCT_COLUMNS


@pytest.mark.usefixtures("small_pages")
async def test_products_as_csv(shop: Shop) -> None:
    ids = await shop.put(*range(5))

    response = await get(shop, "products", format="csv")

    table = [*csv.DictReader(io.StringIO(response.text, newline=""))]
    assert [*table[0]] == PRODUCT_COLUMNS
    assert sorted(row["id"] for row in table) == sorted(ids)
    assert {row["discontinued"] for row in table} == {"false"}
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["content-disposition"] == 'attachment; filename="products.csv"'


async def test_products_have_the_filters_of_graphql(shop: Shop) -> None:
    ids = await shop.put(1, 5, 9)
    await shop.discontinue([ids[2]])

    async def stocks(**filters: str) -> list[int]:
        return sorted(row["stock"] for row in await rows(shop, "products", **filters))

    (name,) = {row["name"] for row in await rows(shop, "products", ids=ids[0])}
    assert await stocks(stockAtLeast="2") == [5]
    assert await stocks(stockAtMost="1", discontinued="false") == [1]
    assert await stocks(discontinued="true") == [0]
    assert await stocks(category="no such") == []
    assert await stocks(namePrefix=name[:2]) == [0, 1, 5]
    assert await stocks(nameContains=name[1:].upper()) == [0, 1, 5]
    assert await stocks(nameContains="no such") == []
    assert await stocks(namePrefix=name[:2], orderBy="NAME_DESC") == [0, 1, 5]
    assert await stocks(ids=f"{ids[0]},{ids[1].upper()}") == [1, 5]


async def test_a_spreadsheet_runs_no_name(shop: Shop) -> None:
    named = {"products": [{"name": "=1+1", "price": 1, "stock": -0, "category": "@x"}]}
    await post(shop, "create-products", named)
    await work_off(shop)

    (plain,) = await rows(shop, "products")
    (cells,) = csv.DictReader(io.StringIO((await get(shop, "products", format="csv")).text))

    assert (plain["name"], plain["category"]) == ("=1+1", "@x")
    assert (cells["name"], cells["category"]) == ("'=1+1", "'@x")


@pytest.mark.usefixtures("small_pages")
async def test_the_ledger_of_a_batch_is_in_input_order(shop: Shop) -> None:
    first, second = await shop.put(10, 10)
    sent = [(first, 1), (second, -99), (first, 2), (second, 3), (first, -4)]
    body = "productId,quantity\n" + "".join(f"{id_},{number}\n" for id_, number in sent)
    batch = (await post(shop, "update-stock", body, CSV)).json()["batchId"]
    pending = await rows(shop, "stock-updates", batchId=batch)
    await work_off(shop)
    await shop.update([(first, 7)])

    found = await rows(shop, "stock-updates", batchId=batch)

    assert [*found[0]] == ROW_COLUMNS
    assert [row["status"] for row in pending] == ["pending"] * 5
    assert [row["id"] for row in pending] == [row["id"] for row in found]
    assert [(row["productId"], row["quantity"]) for row in found] == sent
    assert [row["newStock"] for row in found] == [11, None, 13, 13, 9]
    assert [row["code"] for row in found] == [None, "INSUFFICIENT_STOCK", None, None, None]
    assert {row["createdBy"] for row in found} == {"anonymous"}
    assert len(await rows(shop, "stock-updates")) == 6
    assert len(await rows(shop, "stock-updates", productId=first)) == 4
    assert len(await rows(shop, "stock-updates", status="failed")) == 1
    moment = found[0]["timestamp"]
    assert len(await rows(shop, "stock-updates", until=moment)) == 0
    assert len(await rows(shop, "stock-updates", since=moment)) == 6


@pytest.mark.parametrize(
    ("path", "parameters", "reason"),
    [
        ("products", {"stockAtLeast": "1.5"}, "The parameter stockAtLeast is “1.5”: it must be a "),
        ("products", {"ids": "x"}, "The parameter ids is “x”: it must be 1 to 1000 ids of 24 hex"),
        ("products", {"orderBy": "STOCK_ASC"}, "The parameter orderBy is “STOCK_ASC”: it must be "),
        ("products", {"discontinued": "yes"}, "The parameter discontinued is “yes”: it must be "),
        ("products", {"category": "x" * 1001}, "The parameter category is “xxx"),
        ("products", {"colour": "red"}, "There is no parameter “colour”: there may be format, "),
        ("stock-updates", {"since": "noon"}, "The parameter since is “noon”: it must be a time "),
        ("stock-updates", {"status": "APPLIED"}, "The parameter status is “APPLIED”: it must be "),
        ("stock-updates", {"batchId": "7"}, "The parameter batchId is “7”: it must be an id of 24"),
    ],
)
async def test_a_wrong_filter_is_named(
    shop: Shop, path: str, parameters: dict[str, str], reason: str
) -> None:
    response = await get(shop, path, **parameters)

    assert response.status_code == 400
    (actual,) = refusal(response)["reasons"]
    assert actual.startswith(reason)


async def test_an_unknown_format_is_not_acceptable(shop: Shop) -> None:
    response = await get(shop, "products", format="pdf")

    assert response.status_code == 406
