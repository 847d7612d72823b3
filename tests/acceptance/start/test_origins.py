"""Call from pages of other origins, over HTTP and over WebSocket."""

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.acceptance.conftest import Serve
from tests.support.processes.server_process import ServerProcess

OURS, OTHER = "https://shop.example", "https://other.example"
PATHS = ["/graphql", "/api/mutation", "/api/query", "/api/batches/batch-update-price"]


def allowed(server: ServerProcess, path: str, origin: str) -> str | None:
    """Return what a browser is told before a page of `origin` may send a request."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,convex-client,idempotency-key",
    }
    answer = httpx.options(f"{server.url}{path}", headers=asked, trust_env=False)
    return answer.headers.get("access-control-allow-origin")


def opens(server: ServerProcess, origin: str) -> bool:
    """Return whether a page of `origin` gets a WebSocket."""
    address = server.url.replace("http", "ws", 1) + "/graphql"
    protocol = Subprotocol("graphql-transport-ws")
    try:
        with connect(address, origin=Origin(origin), subprotocols=[protocol], proxy=None):
            return True
    except InvalidStatus as refused:
        if refused.response.status_code != 403:
            raise
        return False


def test_pages_of_every_origin_may_call_at_first(running: ServerProcess) -> None:
    assert [allowed(running, path, OTHER) for path in PATHS] == ["*"] * 4
    assert opens(running, OTHER)


def test_only_pages_of_the_origins_that_are_set_may_call(serve: Serve) -> None:
    server = serve(CORS_ORIGINS=f"http://localhost:5173, {OURS}")

    assert [allowed(server, path, OURS) for path in PATHS] == [OURS] * 4
    assert [allowed(server, path, OTHER) for path in PATHS] == [None] * 4
    assert (opens(server, OURS), opens(server, OTHER)) == (True, False)


def test_no_other_page_may_call_if_none_is_set(serve: Serve) -> None:
    server = serve(CORS_ORIGINS="none")

    assert [allowed(server, path, OURS) for path in PATHS] == [None] * 4
    assert not opens(server, OURS)
    assert opens(server, server.url)  # GraphiQL's own
