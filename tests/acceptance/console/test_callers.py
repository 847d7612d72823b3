"""Who signs in sees what the role may do, and nothing else."""

from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.acceptance.conftest import Serve
from tests.support.browser.chromium import Visit
from tests.support.browser.console_page import OpenConsole
from tests.support.web.identities import ADMIN, EXPIRED, OPERATOR, VIEWER, make_identities

pytestmark = pytest.mark.browser

PAGES = {VIEWER: ["Products"], OPERATOR: ["Batches", "Import", "Products"]}
PAGES[ADMIN] = [*PAGES[OPERATOR], "System"]
PRODUCT = f"products/{1:024x}"


def test_each_role_sees_its_pages_and_its_buttons(
    serve: Serve, console: OpenConsole, tmp_path: Path
) -> None:
    identities = make_identities(tmp_path)
    server = serve(API_KEYS_FILE=identities.file)

    for who, pages in PAGES.items():
        page = (
            opened := console(server, key=identities.keys[who]).open("products", "Products")
        ).page
        may_change = who != VIEWER
        assert (
            page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
            == pages
        )
        opened.open(PRODUCT, "Espresso beans 1 kg")
        for name in ("Adjust", "Discontinue …"):
            expect(opened.button(name)).to_have_count(int(may_change))
        buttons = page.get_by_role("button").all_inner_texts()
        assert who != VIEWER or buttons == ["Sign out", "As CSV"]
        for path, title in (("batches", "Batches"), ("import", "Import"), ("system", "System")):
            opened.open(path, title if title in pages else "Nothing here")


def test_a_key_is_asked_for_and_forgotten(
    serve: Serve, console: OpenConsole, tmp_path: Path, visits: list[Visit]
) -> None:
    identities = make_identities(tmp_path)
    server = serve(API_KEYS_FILE=identities.file)
    page = (opened := console(server).open("", "Sign in")).page

    page.get_by_label("API key").fill(identities.keys[EXPIRED])
    opened.button("Sign in").click()
    expect(page.get_by_text("The API key or token has expired.")).to_be_visible()
    page.get_by_label("API key").fill(identities.keys[OPERATOR])
    opened.button("Sign in").click()
    expect(page.get_by_role("heading", name="Batches")).to_be_visible()
    expect(page.get_by_text("operator", exact=True)).to_be_visible()
    opened.open("products", "Products")
    page.get_by_label("Part of the name, or id").fill("GRIND")
    with page.expect_download() as saved:
        opened.button("These as CSV").click()
    assert saved.value.path().read_text().count("\n") == 2  # the header and the hand grinder

    assert page.evaluate("JSON.stringify({...localStorage}) + document.cookie") == "{}"
    opened.button("Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_product_is_adjusted_and_discontinued_in_place(
    serve: Serve, console: OpenConsole
) -> None:
    server = serve()
    page = (opened := console(server).open(PRODUCT, "Espresso beans 1 kg")).page
    expect(page.get_by_text("The stock has not changed yet")).to_be_visible()

    page.get_by_label("Adjust the stock by").fill("-4")
    opened.button("Adjust to 6").click()
    expect(page.get_by_text("The stock is now 6.")).to_be_visible()
    expect(page.get_by_role("img", name="Stock from 10 to 6 over 1 updates")).to_be_visible()
    page.get_by_label("Adjust the stock by").fill("-40")
    opened.button("Adjust to −34").click()
    expect(page.get_by_role("alert")).to_contain_text("40 cannot be taken from it")
    opened.button("Discontinue …").click()
    opened.button("Yes, stock to 0 for good").click()

    expect(page.locator(".state", has_text="Discontinued")).to_be_visible()
    expect(opened.button("Adjust")).to_have_count(0)
    stock = server.graphql(f'{{product(id:"{1:024x}"){{stock discontinued}}}}')["product"]
    assert stock == {"stock": 0, "discontinued": True}


def test_a_stock_that_has_changed_meanwhile_is_not_adjusted(
    serve: Serve, console: OpenConsole
) -> None:
    """The page goes on to show 10, and somebody has made it 11."""
    server = serve()
    opened = console(server)
    stale: list[APIResponse] = []

    def answer(route: Route) -> None:
        if "query Product(" not in (route.request.post_data or ""):
            route.fallback()
            return
        if not stale:
            stale.append(route.fetch())
        route.fulfill(response=stale[0])

    opened.page.route("**/graphql", answer)
    opened.open(PRODUCT, "Espresso beans 1 kg")
    updates = [{"productId": f"{1:024x}", "quantity": 1}]
    server.graphql(
        "mutation($u:[StockUpdateInput!]!){batchUpdateStock(updates:$u){success}}", u=updates
    )

    opened.page.get_by_label("Adjust the stock by").fill("-4")
    opened.button("Adjust to 6").click()

    expect(opened.page.get_by_role("alert")).to_contain_text("11")
    assert server.graphql(f'{{product(id:"{1:024x}"){{stock}}}}')["product"]["stock"] == 11
