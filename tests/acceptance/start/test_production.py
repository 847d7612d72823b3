"""A server in production, as its callers and its operator see it, over real sockets."""

import asyncio
import re
import socket
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from server.domain.caller import Role
from server.web.identity.api_keys import add_key
from tests.acceptance.conftest import Launch, Serve
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

PROTOCOL = Subprotocol("graphql-transport-ws")
IN_ADDRESS = "of-the-address"
_METRICS = re.compile(r"Metrics: (http://\S+)/metrics$", re.MULTILINE)


async def raw_answer(server: ServerProcess, request: bytes) -> bytes:
    """Return all that the server answers until it closes the connection."""
    address = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(-1), 60)
    writer.close()
    return answer.lower()


def requests() -> dict[str, bytes]:
    """Return requests that are answered in every layer of the server."""
    tail = b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
    handshake = (
        b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    return {
        "health": b"GET /healthz HTTP/1.1\r\n" + tail,
        "graphql": b"GET /graphql?query={__typename} HTTP/1.1\r\n" + tail,
        "rest": b"GET /api/batches/1 HTTP/1.1\r\n" + tail,
        "convex": b"POST /api/query HTTP/1.1\r\nContent-Length: 0\r\n" + tail,
        "nothing": b"GET /nothing HTTP/1.1\r\n" + tail,
        "another host": b"GET /graphql HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "no HTTP": b"\x00\x01\r\n\r\n",
        "long headers": b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        "refused handshake": b"GET /nothing HTTP/1.1\r\n" + handshake + b"\r\n",
        "handshake of another page": (
            b"GET /graphql HTTP/1.1\r\nOrigin: https://evil.example\r\n" + handshake + b"\r\n"
        ),
    }


async def test_no_answer_names_the_server(serve: Serve) -> None:
    server = serve(SERVER_MODE="production")

    answers = {name: await raw_answer(server, request) for name, request in requests().items()}
    uri = server.url.replace("http", "ws") + "/graphql"
    async with connect(uri, subprotocols=[PROTOCOL]) as accepted:
        assert accepted.response is not None
        answers["accepted handshake"] = str(accepted.response.headers).lower().encode()

    for name, answer in answers.items():
        assert b"http/1.1 " in answer or name == "accepted handshake", name
        assert b"server: " not in answer, name
        assert b"uvicorn" not in answer, name
        assert b"python" not in answer, name


async def test_in_development_answers_name_the_server_as_before(serve: Serve) -> None:
    answer = await raw_answer(serve(), requests()["health"])

    assert b"\r\nserver: uvicorn" in answer


async def test_metrics_have_a_port_of_their_own(serve: Serve) -> None:
    server = serve(SERVER_MODE="production", METRICS_HTTP_PORT="0")
    found = _METRICS.search(server.log)
    assert found, server.log

    async with httpx.AsyncClient(base_url=found.group(1), trust_env=False) as client:
        told = await client.get("/metrics")
        elsewhere = [(await client.get(path)).status_code for path in ("/", "/graphql", "/healthz")]
        on_the_main_port = await client.get(f"{server.url}/metrics")

    assert "stockbatch_build_info" in told.text
    assert "server" not in told.headers
    assert elsewhere == [404, 404, 404]
    assert on_the_main_port.status_code == 404
    assert server.stop() == 0


@pytest.mark.parametrize("mode", ["development", "production"])
def test_without_such_a_port_the_log_of_production_says_that_nobody_reads_them(
    serve: Serve, mode: str
) -> None:
    is_said = "set METRICS_HTTP_PORT" in serve(SERVER_MODE=mode).log

    assert is_said == (mode == "production")


def test_a_port_for_metrics_that_is_taken_stops_the_start(launch: Launch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = launch(METRICS_HTTP_PORT=str(port))
        until(server.has_ended, "the end of the server")

    assert server.wait() == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in server.log
    assert "Set METRICS_HTTP_PORT (or METRICS_LISTEN_HOST)" in server.log


@pytest.mark.parametrize("mode", ["development", "production"])
async def test_no_key_that_came_in_an_address_or_a_header_is_logged(
    serve: Serve, tmp_path: Path, mode: str
) -> None:
    keys = tmp_path / "keys.jsonl"
    key = add_key(keys, "shop", Role.VIEWER)
    server = serve(API_KEYS_FILE=keys, LOG_LEVEL="DEBUG", SERVER_MODE=mode)
    headers = {"Authorization": f"Bearer {key}"}
    paths = ("/graphql", "/api/batches/1", "/api/query", "/healthz", "/metrics", "/nothing", "/")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        for path in paths:
            for method in ("GET", "POST"):
                await client.request(
                    method, f"{path}?token={IN_ADDRESS}&query=%7B", headers=headers
                )
    await raw_answer(server, b"GET /graphql?token=" + IN_ADDRESS.encode() + b" HTTP/9.9\r\n\r\n")
    await raw_answer(
        server,
        b"GET /?token=" + IN_ADDRESS.encode() + b" HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    )
    uri = server.url.replace("http", "ws")
    async with connect(
        f"{uri}/graphql?token={IN_ADDRESS}",
        subprotocols=[PROTOCOL],
        additional_headers=headers,
    ) as socket_:
        greeting = {"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}
        await socket_.send(str(greeting).replace("'", '"'))
        assert "connection_ack" in str(await socket_.recv())
        await socket_.send("no JSON")
    with pytest.raises(Exception, match="rejected"):
        await connect(f"{uri}/nothing?token={IN_ADDRESS}")

    assert server.stop() == 0
    assert IN_ADDRESS not in server.log
    assert key not in server.log
