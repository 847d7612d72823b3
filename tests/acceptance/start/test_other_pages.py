"""What a page of another origin can do to a server on the machine of whoever visits it: nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from typing_extensions import override

from tests.acceptance.conftest import Serve
from tests.support.browser.chromium import chromium
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.browser

EVIL = "evil.example"
PRODUCT = "000000000000000000000001"
STOCK = f'{{ product(id: "{PRODUCT}") {{ stock }} }}'
MUTATION = (
    f'mutation {{ batchUpdateStock(updates: [{{productId: "{PRODUCT}", quantity: 1}}]) '
    "{ success } }"
)
# Each way in which a page can send something. It returns what the page may read of the answer.
TRIES = """
async ({ server, mutation, item }) => {
  const tried = {};
  const attempt = async (name, action) => {
    try { tried[name] = await action(); } catch (error) { tried[name] = `${error.name}`; }
  };
  const post = (path, type, body, more = {}) => async () =>
    (await fetch(server + path, { method: "POST", headers: typed(type), body, ...more })).status;
  const typed = (type) => ({ "Content-Type": type });
  const blindly = { mode: "no-cors" };
  const text = encodeURIComponent(mutation);
  const json = JSON.stringify({ query: mutation });
  const call = JSON.stringify({ path: "batchUpdateStock", args: { updates: [item] } });
  const rows = `productId,quantity\\n${item.productId},1\\n`;
  await attempt("GraphQL", post("/graphql", "application/json", json));
  await attempt("GraphQL as text", post("/graphql", "text/plain", json));
  await attempt("GraphQL as text, blindly", post("/graphql", "text/plain", json, blindly));
  await attempt("GraphQL as a form, blindly",
    post("/graphql", "application/x-www-form-urlencoded", `query=${text}`, blindly));
  await attempt("GraphQL by GET, blindly",
    async () => (await fetch(`${server}/graphql?query=${text}`, blindly)).type);
  await attempt("a read by GET",
    async () => (await fetch(`${server}/graphql?query={products{totalCount}}`)).status);
  await attempt("CSV over REST", post("/api/batches/batch-update-stock", "text/csv", rows));
  await attempt("CSV as text, blindly",
    post("/api/batches/batch-update-stock", "text/plain", rows, blindly));
  await attempt("Convex", post("/api/mutation", "application/json", call));
  await attempt("Convex as text, blindly", post("/api/mutation", "text/plain", call, blindly));
  await attempt("WebSocket", () => new Promise((resolve) => {
    const socket = new WebSocket(server.replace("http", "ws") + "/graphql", "graphql-transport-ws");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  }));
  return tried;
}
"""
UNREADABLE = 0  # the status of an answer that a page may not read


class _Page(BaseHTTPRequestHandler):
    @override
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>a page</title>")

    @override
    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def page_port() -> Iterator[int]:
    """Serve a page that has nothing to do with the server; yield its port."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield site.server_port
    site.shutdown()
    site.server_close()
    thread.join()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium(EVIL) as opened:
        yield opened


def tries_of(page: Page, server: str) -> dict[str, Any]:
    item = {"productId": PRODUCT, "quantity": 1}
    tried: dict[str, Any] = page.evaluate(
        TRIES, {"server": server, "mutation": MUTATION, "item": item}
    )
    return tried


def stock(server: ServerProcess) -> int:
    found: int = server.graphql(STOCK)["product"]["stock"]
    return found


def test_a_page_of_another_origin_changes_nothing_and_reads_nothing(
    serve: Serve, browser: Browser, page_port: int
) -> None:
    server = serve()
    before = stock(server)
    page = browser.new_page()
    page.goto(f"http://{EVIL}:{page_port}/")

    tried = tries_of(page, server.url)

    blind = {name for name in tried if name.endswith("blindly")}
    assert {tried[name] for name in blind} <= {UNREADABLE, "opaque"}
    assert tried.pop("WebSocket") == "refused"
    assert {tried[name] for name in tried if name not in blind} == {"TypeError"}
    assert stock(server) == before


def test_a_name_that_is_led_to_this_machine_is_no_way_in(serve: Serve, browser: Browser) -> None:
    """With DNS rebinding, the page and the server have one origin, so nothing is another's."""
    server = serve()
    before = stock(server)
    port = server.url.rpartition(":")[2]
    rebound = f"http://{EVIL}:{port}"
    page = browser.new_page()

    answer = page.goto(f"{rebound}/graphql")
    tried = tries_of(page, rebound)

    assert answer is not None
    assert answer.status == 421
    assert tried.pop("WebSocket") == "refused"
    assert {*tried.values()} <= {421, "basic", UNREADABLE}
    assert stock(server) == before


def test_a_page_of_this_machine_may_call(serve: Serve, browser: Browser, page_port: int) -> None:
    server = serve()
    before = stock(server)
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{page_port}/")

    tried = tries_of(page, server.url)

    assert (tried["GraphQL"], tried["CSV over REST"], tried["WebSocket"]) == (200, 201, "open")
    assert tried["a read by GET"] == 200
    assert stock(server) > before
