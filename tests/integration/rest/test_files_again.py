"""Download what failed in the form in which the file was sent, and send it again as it is."""

import csv
import io

import pytest

from server.web.rest.files.media_types import XLSX
from tests.support.shop import Shop
from tests.support.web.rest_results import CSV, get, lines, poll, ran

pytestmark = pytest.mark.either_driver

HEADER = "Name;Price;Stock;Category;id\r\n"
CATALOGUE = (
    HEADER + 'Käse – "alt";12,50;3;food;\r\n\r\n=1+1;-5;1.000;@food;\r\n'
    "Tee;5;3;0012;000000000000000000000abc\r\nTasse;5;3;x;1E+23\r\n"
).encode("cp1252")


async def failed(shop: Shop, batch_id: str, query: str) -> tuple[bytes, str]:
    response = await get(shop, f"{batch_id}/results?success=false&{query}")
    assert response.status_code == 200, response.text
    return response.content, response.headers["Content-Type"]


async def test_a_csv_file_comes_back_as_it_was_sent(shop: Shop) -> None:
    batch_id = await ran(shop, "create-products", CATALOGUE, CSV)

    content, media_type = await failed(shop, batch_id, "format=csv")

    assert media_type == "text/csv; charset=windows-1252; header=present"
    text = content.decode("cp1252")
    assert text.startswith("id;name;price;stock;category;discontinued;result.index;result.row;")
    assert text.count("\r\n") == text.count("\n") == 4
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert [(row["name"], row["price"], row["result.row"]) for row in rows] == [
        ('Käse – "alt"', "12,50", "2"),
        ("'=1+1", "-5", "4"),
        ("Tasse", "5", "6"),
    ]


async def test_a_file_for_excel_has_a_mark_and_keeps_ids(shop: Shop) -> None:
    item = {"productId": "000000000000000000000abc", "quantity": "1.000"}
    other = {"productId": "000000000000000000000123", "quantity": 0.5}
    batch_id = await ran(shop, "update-stock", {"updates": [item, other]})

    content, media_type = await failed(shop, batch_id, "format=csv&excel=true")

    assert media_type == "text/csv; charset=utf-8; header=present"
    assert content.startswith(b"\xef\xbb\xbfproductId,quantity,")
    assert b'\r\n000000000000000000000abc,"=""1.000""",,' in content
    assert b'\r\n"=""000000000000000000000123""",0.5,,' in content


@pytest.mark.parametrize(
    "query", ["format=csv", "format=csv&excel=true", "format=xlsx", "format=ndjson"]
)
async def test_what_failed_is_accepted_again_as_it_is_and_fails_in_the_same_way(
    shop: Shop, query: str
) -> None:
    first = await ran(shop, "create-products", CATALOGUE, CSV)
    content, media_type = await failed(shop, first, query)

    second = await ran(shop, "create-products", content, media_type)

    before, after = await lines(shop, first, "success=false"), await lines(shop, second)
    for line in (*before, *after):
        del line["result"]["index"], line["result"]["row"]
    assert after == before
    assert len(after) == 3


async def test_a_spreadsheet_is_one_of_the_formats(shop: Shop) -> None:
    batch_id = await ran(shop, "create-products", CATALOGUE, CSV)

    response = await get(shop, f"{batch_id}/results", Accept=XLSX)

    assert response.headers["Content-Type"] == XLSX
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="batch-{batch_id}-results.xlsx"'
    )
    assert response.content.startswith(b"PK")


async def test_a_page_can_read_the_name_of_a_file(shop: Shop) -> None:
    batch_id = await ran(shop, "create-products", CATALOGUE, CSV)

    response = await get(shop, f"{batch_id}/results", Origin="http://127.0.0.1:3000")

    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert "Content-Disposition" in exposed


async def test_what_is_tried_again_keeps_its_row_and_its_form(shop: Shop) -> None:
    first = await ran(shop, "create-products", CATALOGUE, CSV)
    retry = "mutation($id: ID!) { retryBatch(id: $id) { id } }"
    second = (await shop.ask(retry, id=first))["id"]
    while await shop.assembly.worker.run_once():
        pass

    content, _ = await failed(shop, second, "format=csv")

    assert [line["result"]["row"] for line in await lines(shop, second)] == [2, 4, 6]
    assert "Käse".encode("cp1252") in content


async def test_a_poll_and_graphql_tell_the_row_too(shop: Shop) -> None:
    batch_id = await ran(shop, "create-products", CATALOGUE, CSV)
    results = "results(first: 2) { edges { node { index row } } }"
    query = f"query($id: ID!) {{ batchOperation(id: $id) {{ {results} }} }}"

    polled = (await poll(shop, batch_id))["results"]
    asked = [one["node"] for one in (await shop.ask(query, id=batch_id))["results"]["edges"]]

    assert [one["row"] for one in polled] == [2, 4, 5, 6]
    assert asked == [{"index": 0, "row": 2}, {"index": 1, "row": 4}]
