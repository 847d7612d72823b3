"""Stop a server behind a proxy: it says so first, and serves until the proxy knows."""

import re
import signal
import time

import httpx
import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

LONG = "30"
ASK = {"query": "{ __typename }"}


def client_of(server: ServerProcess) -> httpx.Client:
    return httpx.Client(base_url=server.url, trust_env=False, timeout=30)


def test_a_watched_server_says_that_it_stops_and_goes_on_serving(serve: Serve) -> None:
    server = serve(DRAIN_SECONDS=LONG, SHUTDOWN_SECONDS="60")
    with client_of(server) as kept, client_of(server) as proxy:
        assert kept.post("/graphql", json=ASK).headers.get("connection") != "close"
        assert proxy.get("/readyz").status_code == 200

        server.send(signal.SIGTERM)
        until(lambda: proxy.get("/readyz").status_code == 503, "a server that says it stops")

        assert proxy.get("/readyz").json()["reason"] == "the process stops"
        assert proxy.get("/healthz").status_code == 200
        answers = [kept.post("/graphql", json=ASK) for _ in range(3)]  # an old connection, then new
    assert [answer.json() for answer in answers] == [{"data": {"__typename": "Query"}}] * 3
    assert [answer.headers["connection"] for answer in answers] == ["close"] * 3
    assert not server.has_ended()

    server.send(signal.SIGTERM)  # a second one does not wait
    assert server.wait() == 0
    assert "Traceback" not in server.log


def test_a_drain_ends_by_itself(serve: Serve) -> None:
    server = serve(DRAIN_SECONDS="0.2")
    httpx.get(f"{server.url}/readyz", trust_env=False)

    assert server.stop() == 0
    assert "Stopping: requests are served for another 0.2 s, and all have 15 s to end" in server.log
    assert stops(server) == ["Stopping", "Stopped"]


def stops(server: ServerProcess) -> list[str]:
    """Return what the log says of the end, one word for each line."""
    return re.findall(r"INFO server\S+ (Stopp\w+)", server.log)


@pytest.mark.parametrize(("drain", "asks"), [(LONG, False), ("0", True)])
def test_a_server_that_nobody_watches_or_that_has_no_time_to_drain_ends_at_once(
    serve: Serve, drain: str, asks: bool
) -> None:
    server = serve(DRAIN_SECONDS=drain, SHUTDOWN_SECONDS="60")
    httpx.get(f"{server.url}/{'readyz' if asks else 'healthz'}", trust_env=False)

    began = time.monotonic()
    assert server.stop() == 0

    assert time.monotonic() - began < float(LONG)
    assert "served for another" not in server.log
    assert stops(server) == ["Stopping", "Stopped"]
