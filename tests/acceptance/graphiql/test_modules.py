"""Load single scripts of the page in Chromium, to see what a visit on loopback does not show."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route

from tests.support.browser.chromium import chromium
from tests.support.project import PROJECT

pytestmark = pytest.mark.browser

SITE = "https://shop.example"
MODULES = {
    "connection.js": PROJECT / "server/web/graphiql/static/connection.js",
    "style-attributes.js": PROJECT / "web/src/style-attributes.js",
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Open a page at https://shop.example/stock/graphql with the modules beside it."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name in MODULES:
            route.fulfill(path=MODULES[name], content_type="text/javascript")
        else:
            policy = {"content-security-policy": "style-src 'none'"}
            route.fulfill(body="<!doctype html>", content_type="text/html", headers=policy)

    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto(f"{SITE}/stock/graphql")
        yield page


def test_behind_a_proxy_the_connection_is_to_the_address_of_the_page(page: Page) -> None:
    connection = page.evaluate("import('./connection.js').then((one) => one.connection)")

    assert connection == {
        "url": "/stock/graphql",
        "subscriptionUrl": "wss://shop.example/stock/graphql",
        "enableIncrementalDelivery": False,
    }


def test_what_a_style_attribute_says_comes_true_without_it(page: Page) -> None:
    """The page has as many of them as an editor has lines, and some more than once."""
    said = [number % 300 for number in range(600)]

    shown = page.evaluate(
        """async (said) => {
          const { withoutStyleAttributes } = await import("./style-attributes.js");
          const html = said.map((top) =>
            `<b style="position: absolute; top: ${top}px">&lt;i style="top: 1px"></b>`);
          document.body.innerHTML = withoutStyleAttributes(html.join(""));
          return [...document.querySelectorAll("b")].map((one) =>
            [one.hasAttribute("style"), getComputedStyle(one).top, one.textContent]);
        }""",
        said,
    )

    assert shown == [[False, f"{top}px", '<i style="top: 1px">'] for top in said]
