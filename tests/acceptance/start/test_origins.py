"""Call from pages of other origins, over HTTP and over WebSocket."""

import socket

import httpx
import pytest
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


def test_only_pages_of_this_machine_may_call_at_first(running: ServerProcess) -> None:
    for own in ("http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:8080"):
        assert [allowed(running, path, own) for path in PATHS] == [own] * 4
        assert opens(running, own)
    for other in (OTHER, "http://localhost.evil.example", "http://127.0.0.1.evil.example", "null"):
        assert [allowed(running, path, other) for path in PATHS] == [None] * 4
        assert not opens(running, other)


def test_pages_of_every_origin_may_call_if_that_is_set(serve: Serve) -> None:
    server = serve(CORS_ORIGINS="*")

    assert [allowed(server, path, OTHER) for path in PATHS] == ["*"] * 4
    assert opens(server, OTHER)


def test_a_name_that_leads_here_and_is_not_ours_gets_nothing(running: ServerProcess) -> None:
    """A page of `evil.example` may let that name lead to this machine: then it is of our origin."""
    port = running.url.rpartition(":")[2]
    for path in (
        *PATHS,
        "/graphql?query={__typename}",
        "/graphiql/page.css",
        "/",
        "/console/x/y.js",
    ):
        for host, is_ours in ((f"evil.example:{port}", False), (f"localhost:{port}", True)):
            answer = httpx.get(f"{running.url}{path}", headers={"Host": host}, trust_env=False)
            assert (answer.status_code != 421) == is_ours, (path, host)
    probe = httpx.get(f"{running.url}/readyz", headers={"Host": "10.0.0.7"}, trust_env=False)
    assert probe.status_code == 200
    address = f"ws://evil.example:{port}/graphql"
    headers = {"Origin": f"http://evil.example:{port}"}
    with (
        socket.create_connection(("127.0.0.1", int(port))) as rebound,
        pytest.raises(InvalidStatus) as refused,
        connect(address, sock=rebound, additional_headers=headers),
    ):
        pass
    assert refused.value.response.status_code == 421


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
