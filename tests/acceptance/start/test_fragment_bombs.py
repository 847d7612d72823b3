"""Fragments that double each other cost a server no more than the time to read them, by each door.

The server is a process of its own: one that hung would end the test by a timeout, not hang it too.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.support.fragment_bombs import bombs
from tests.support.processes.server_process import ServerProcess

LONGEST_SECONDS = 10  # on a machine with much else to do; a tenth of a second is usual
Answer = dict[str, Any]


def by_post(server: ServerProcess, query: str) -> Answer:
    with httpx.Client(trust_env=False, timeout=LONGEST_SECONDS) as client:
        answer: Answer = client.post(f"{server.url}/graphql", json={"query": query}).json()
    return answer


def by_get(server: ServerProcess, query: str) -> Answer:
    with httpx.Client(trust_env=False, timeout=LONGEST_SECONDS) as client:
        answer: Answer = client.get(f"{server.url}/graphql", params={"query": query}).json()
    return answer


def by_websocket(server: ServerProcess, query: str) -> Answer:
    address = server.url.replace("http", "ws", 1) + "/graphql"
    protocol = Subprotocol("graphql-transport-ws")
    with connect(address, subprotocols=[protocol], proxy=None) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        socket.recv(LONGEST_SECONDS)
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        payload = json.loads(socket.recv(LONGEST_SECONDS))["payload"]
    return {"errors": payload} if isinstance(payload, list) else dict(payload)


@pytest.mark.parametrize("ask", [by_post, by_get, by_websocket])
@pytest.mark.parametrize("levels", [6, 30, 100])
def test_each_is_answered_at_once(
    running: ServerProcess, ask: Callable[[ServerProcess, str], Answer], levels: int
) -> None:
    for sort, query in bombs(levels).items():
        before = time.monotonic()

        answer = ask(running, query)

        assert (sort, time.monotonic() - before) < (sort, LONGEST_SECONDS)
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert (sort, codes) in ((sort, set()), (sort, {"BAD_INPUT"}))
        assert (sort, bool(codes)) == (sort, not answer.get("data"))
        assert codes or levels == 6
    assert ask(running, "{ __typename }")["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("ask", [by_post, by_get, by_websocket])
def test_a_small_one_without_an_alias_is_an_ordinary_query(
    running: ServerProcess, ask: Callable[[ServerProcess, str], Answer]
) -> None:
    """Fields of one name are one field, so that six levels still ask for one count."""
    plain = ask(running, "{ products { totalCount } }")["data"]

    for sort in ("fragments", "inline fragments", "directives"):
        assert ask(running, bombs(6)[sort])["data"] == plain
