"""Apollo Client and urql: a cache that stays fresh, and persisted queries that are declined."""

import json
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.node_tool import run_node
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

pytestmark = pytest.mark.node

CUP = "000000000000000000000001"  # a sample product, with a stock of 10
NODE = PROJECT / "tests" / "node"


def run(program: str, server: ServerProcess, *arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run_node(NODE, [program, server.url, CUP, *arguments]))
    return told


def texts_and_hashes(sent: list[dict[str, str]]) -> list[tuple[str, bool, bool]]:
    """Return of each request how it was sent, and whether it has the text and the hash."""
    return [
        (one["method"], "StockUpdateInput" in one["text"] or "product(id" in one["text"]
         or "product%28id" in one["text"], "persistedQuery" in one["text"])
        for one in sent
    ]  # fmt: skip


def test_apollo_s_cache_shows_the_new_stock_without_fetching_it(serve: Serve) -> None:
    server = serve()

    told = run("apollo.mjs", server)

    assert told["cached"] == 15
    assert (told["shown"][0], told["shown"][-1]) == (10, 15)
    assert len(told["sent"]) == 2  # the product once, and the update


@pytest.mark.parametrize("client", ["apollo.mjs", "urql.mjs"])
@pytest.mark.parametrize("transport", ["post", "get", "ws"])
def test_clients_that_persist_queries_go_on_with_the_text(
    serve: Serve, client: str, transport: str
) -> None:
    server = serve()

    told = run(client, server, transport)

    assert told.get("cached", told.get("after")) == 15
    sent = texts_and_hashes(told["sent"])
    first = {"post": "POST", "get": "GET", "ws": "ws"}[transport]
    always_has_text = (client, transport) == ("apollo.mjs", "ws")  # its link of graphql-ws
    assert sent[0] == (first, always_has_text, True)
    assert all(has_text for _, has_text, _ in sent[1:])
    product = {"query": f'{{ product(id: "{CUP}") {{ stock }} }}'}
    answer = httpx.post(f"{server.url}/graphql", json=product, trust_env=False).json()
    assert answer["data"]["product"]["stock"] == 15
