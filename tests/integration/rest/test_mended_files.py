"""Mend a downloaded file of results, and send it again."""

import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.rest_results import CSV, NDJSON, get, lines, poll, ran, table

pytestmark = pytest.mark.either_driver


async def test_a_mended_csv_file_can_be_sent_again_as_it_is(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    sent = f'productId,quantity\n{cup},five\n{cup},-1\n"{cup[:-2]}\nx",2\n'
    first = await ran(shop, "update-stock", sent, CSV)
    response = await get(shop, f"{first}/results?format=csv&success=false")

    mended = response.text.replace("five", "5").replace(f'"{cup[:-2]}\nx"', cup)
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

    again = await lines(shop, second)
    rows = [line["result"].pop("row") for line in again]
    assert again == await lines(shop, first)
    assert rows == ([2, 3] if file_format == "csv" else [1, 2])
