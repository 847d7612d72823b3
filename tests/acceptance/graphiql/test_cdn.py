"""The page of a server without built files: an older GraphiQL, out of the public CDN.

What the CDN has is what npm has, and the page's hashes say so; here it comes from tests/node.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from starlette.requests import Request

from server.web.graphiql.page import Page as OurPage
from tests.acceptance.conftest import Serve
from tests.support.browser.chromium import Visit, visit
from tests.support.browser.graphiql_http import get, policy
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

pytestmark = pytest.mark.browser

UNPKG = "https://unpkg.com/"
CDN = [
    "https://unpkg.com/graphiql@3.8.3/graphiql.min.css",
    "https://unpkg.com/react@18.2.0/umd/react.production.min.js",
    "https://unpkg.com/react-dom@18.2.0/umd/react-dom.production.min.js",
    "https://unpkg.com/graphiql@3.8.3/graphiql.min.js",
]
PACKAGES = PROJECT / "tests/node/node_modules"
TAB = re.compile(r'<script id="[\w-]+" type="text/plain">.+?</script>', re.DOTALL)
OPEN_TAB = "JSON.parse(localStorage['graphiql:tabState'] ?? '{}').activeTabIndex"
ANSWER = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"


def page_without_built(server: ServerProcess, nothing: Path) -> httpx.Response:
    """Return the page as a server answers it on which `make web` never ran."""
    host = server.url.removeprefix("http://").encode()
    answer = OurPage(nothing).response(Request({"type": "http", "headers": [(b"host", host)]}))
    return httpx.Response(answer.status_code, headers=answer.headers.items(), content=answer.body)


def from_npm(route: Route) -> None:
    """Return a file of unpkg.com from the installed packages; its address has the version."""
    path = re.sub(r"@[\d.]+", "", route.request.url.removeprefix(UNPKG))
    route.fulfill(path=PACKAGES / path, headers={"access-control-allow-origin": "*"})


class Arrive(Protocol):
    """Open the page on a machine that reaches the CDN, or does not."""

    def __call__(self, server: ServerProcess, *, cdn: bool) -> Visit: ...


@pytest.fixture
def arrive(browser: Browser, tmp_path: Path) -> Iterator[Arrive]:
    if not (PACKAGES / "graphiql").is_dir():
        pytest.fail("This test needs the packages of tests/node: run `make clients`.")
    visits: list[Visit] = []

    def arrive_(server: ServerProcess, *, cdn: bool) -> Visit:
        built_never = page_without_built(server, tmp_path / "nothing")

        def answer(route: Route) -> None:
            if route.request.method == "GET":
                route.fulfill(body=built_never.content, headers=dict(built_never.headers))
            else:
                route.fallback()

        visits.append(visit(browser, server.url))
        page = visits[-1].page
        page.route(f"{server.url}/graphql", answer)
        if cdn:
            page.route(f"{UNPKG}**", from_npm)
        page.goto(f"{server.url}/graphql")
        return visits[-1]

    yield arrive_
    for one in visits:
        one.page.context.close()


def run(page: Page, operation: str | None = None) -> Any:
    """Return the answer, once nothing is under way."""
    page.get_by_role("button", name="Execute query").click()
    if operation is not None:
        page.get_by_role("menuitem", name=operation).click()
    until(lambda: "}" in (page.evaluate(ANSWER) or ""), "an answer")
    expect(page.get_by_role("button", name="Execute query")).to_be_visible()
    return json.loads(page.evaluate(ANSWER))["data"]


def test_the_page_names_the_cdn_and_may_load_just_that(
    running: ServerProcess, tmp_path: Path, built: list[str]
) -> None:
    page = page_without_built(running, tmp_path / "nothing")

    named = re.findall(r'"(https://[^"]+)"\s+integrity="sha384-[\w+/]{64}"', page.text)
    assert named == CDN
    assert page.text.count("https:") == len(CDN)
    assert policy(page)["script-src"] == ["'self'", *CDN[1:]]
    assert policy(page)["style-src"] == ["'self'", CDN[0], "NONCE"]
    with_built = get(f"{running.url}/graphql")
    ours = policy(with_built)
    assert {name for name in ours if policy(page)[name] != ours[name]} == {
        "script-src",
        "style-src",
    }
    assert TAB.findall(page.text) == TAB.findall(with_built.text)


def test_with_the_cdn_the_requests_of_the_tabs_run(arrive: Arrive, serve: Serve) -> None:
    server = serve()
    seen = arrive(server, cdn=True)
    page = seen.page

    tabs = page.get_by_role("tab")
    expect(tabs).to_contain_text(["UpdateStock", "Discontinue", "SubmitBatch", "Products"])
    updated = run(page)["batchUpdateStock"]
    tabs.nth(2).click()
    until(lambda: page.evaluate(OPEN_TAB) == 2, "the third tab")
    submitted = run(page, "SubmitBatch")["submitBatch"]["id"]
    watched = run(page, "WatchBatch")["batchProgress"]

    assert [one["newStock"] for one in updated] == [15, 7, 20]
    assert (watched["id"], watched["status"]) == (submitted, "COMPLETED")
    assert seen.sockets == [server.url.replace("http", "ws") + "/graphql"]
    assert (seen.elsewhere, seen.complaints) == ([], [])


def test_without_the_network_the_page_says_what_to_do(
    arrive: Arrive, running: ServerProcess
) -> None:
    seen = arrive(running, cdn=False)

    told = seen.page.locator("#loading")
    expect(told).to_contain_text(re.compile("^There is no GraphiQL here, and the internet is not"))
    expect(told).to_contain_text("To have it without the internet, run make web")
    expect(told.get_by_role("link", name="/")).to_have_attribute("href", "./")
    expect(seen.page.get_by_text(f"{CDN[1]} cannot be loaded.")).to_be_visible()
    assert seen.elsewhere == CDN
    said = ["error: Failed to load resource: net::ERR_FAILED"] * len(CDN)
    assert sorted(seen.complaints) == sorted(said + [f"{one}: net::ERR_FAILED" for one in CDN])
