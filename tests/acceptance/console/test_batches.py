"""Follow a large batch to its end, and cancel another halfway."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import Serve
from tests.support.browser.console_page import OpenConsole
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.web.identities import OPERATOR, make_identities

pytestmark = pytest.mark.browser

CREATE = """mutation Create($products: [CreateProductInput!]!, $size: Int) {
  submitBatch(operation: {createProducts: {products: $products, batchSize: $size}}) { id }
}"""
CUP = {"name": "Cup", "price": 890, "stock": 12, "category": "cups"}


def submitted(server: ServerProcess, items: int, size: int) -> str:
    return str(server.graphql(CREATE, products=[CUP] * items, size=size)["submitBatch"]["id"])


def shown_percent(page: Page) -> int:
    return int(page.get_by_role("progressbar").first.get_attribute("aria-valuenow") or 0)


def test_a_large_batch_is_watched_to_its_end(serve: Serve, console: OpenConsole) -> None:
    server = serve(WORKER_CHUNKS="1")
    page = (opened := console(server).open("batches", "Batches")).page
    expect(page.get_by_text("No batches yet")).to_be_visible()
    batch = submitted(server, items=100_000, size=500)

    row = page.get_by_role("row", name=re.compile("New products"))
    expect(row).to_be_visible()  # the list has noticed
    opened.open(f"batches/{batch}", "New products")
    seen = until(lambda: 0 < shown_percent(page) < 100 and shown_percent(page), "a part of it")
    expect(page.get_by_text(re.compile(r"/s, .+ left"))).to_be_visible()
    expect(page.get_by_text("Completed")).to_be_visible(timeout=120_000)

    assert 0 < seen < 100
    assert shown_percent(page) == 100
    expect(opened.button("Cancel the batch")).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("items a second"))).to_be_visible()
    expect(page.locator(".chart rect.bar:not(.bad)").first).to_be_attached()
    expect(page.get_by_role("row")).to_have_count(26)  # the first outcomes
    opened.button("More").click()
    expect(page.get_by_role("cell", name="26", exact=True)).to_be_visible()


def test_a_batch_is_cancelled_halfway(serve: Serve, console: OpenConsole, tmp_path: Path) -> None:
    """An operator with a key, which the WebSocket of the progress has as well."""
    identities = make_identities(tmp_path)
    server = serve(WORKER_CHUNKS="1", API_KEYS_FILE=identities.file)
    opened = console(server, key=identities.keys[OPERATOR])
    sent = opened.ask(CREATE, products=[CUP] * 20_000, size=10)
    batch = sent["submitBatch"]["id"]
    page = opened.open(f"batches/{batch}", "New products").page
    until(lambda: shown_percent(page) > 0, "a part of it")

    opened.button("Cancel the batch").click()

    expect(page.locator(".state", has_text="Cancelled")).to_be_visible()
    found = opened.ask(
        "query($id:ID!){batchOperation(id:$id){status successCount failureCount}}", id=batch
    )["batchOperation"]
    assert found["status"] == "CANCELLED"
    assert 0 < found["successCount"] < 20_000
    assert found["successCount"] + found["failureCount"] == 20_000
    page.get_by_label("Reason").select_option("CANCELLED")
    expect(page.get_by_role("row", name=re.compile("cancelled")).first).to_be_visible()


def test_a_batch_is_followed_without_a_socket(serve: Serve, console: OpenConsole) -> None:
    server = serve(WORKER_CHUNKS="1")
    opened = console(server)
    opened.page.route_web_socket("**/graphql", lambda socket: socket.close())
    batch = submitted(server, items=3_000, size=10)

    opened.open(f"batches/{batch}", "New products")

    assert shown_percent(opened.page) < 100
    expect(opened.page.locator(".state", has_text="Completed")).to_be_visible(timeout=60_000)


def test_failed_rows_are_saved_as_a_file_and_tried_again(
    serve: Serve, console: OpenConsole
) -> None:
    server = serve()
    batch = server.graphql(
        "mutation($u:[StockUpdateInput!]!){submitBatch(operation:{updateStock:{updates:$u}}){id}}",
        u=[{"productId": f"{1:024x}", "quantity": -999}, {"productId": f"{2:024x}", "quantity": 1}],
    )["submitBatch"]["id"]
    page = (opened := console(server).open(f"batches/{batch}", "Stock update")).page

    with page.expect_download() as saved:
        opened.button("Failed rows as CSV").click()
    opened.button("Retry 1 failed item").click()

    assert saved.value.suggested_filename == f"batch-{batch}-failed.csv"
    assert f"{1:024x},-999" in saved.value.path().read_text()
    expect(page.get_by_text("Retry of")).to_be_visible()
    expect(page.get_by_role("link", name=batch)).to_be_visible()
