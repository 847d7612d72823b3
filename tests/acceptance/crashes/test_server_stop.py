"""Stop a server, and a worker, in the middle of something that hangs."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import ObjectId
from pymongo import MongoClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.acceptance.conftest import Serve
from tests.support.processes.database_traces import conflicts
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.processes.warehouse import Warehouse
from tests.support.processes.worker_process import WorkerProcess

PROMISED_SECONDS = 25
NOTHING_DONE = "The server stops. Nothing was done: send the request again, also to another one."
_CUP = f"{1:024x}"
_CHANGE = (
    f'mutation {{ batchUpdateStock(updates: [{{ productId: "{_CUP}", quantity: 5 }}]) '
    "{ success newStock } }"
)
_SUBMIT = (
    f'mutation {{ submitBatch(operation: {{ updatePrice: {{ productIds: ["{_CUP}"], '
    "newPrice: 7 } }) { id } }"
)
_PRODUCTS = "{ products(first: 1) { edges { node { id } } } }"


def faults(log: str) -> list[str]:
    """Return the warnings and errors of a log, without their times."""
    lines = [line.partition(" ")[2] for line in log.splitlines()]
    return [line for line in lines if line.startswith(("WARNING", "ERROR", "CRITICAL"))]


@contextmanager
def mongod_stopped(server: ServerProcess) -> Iterator[None]:
    """Stop the database, while a query waits for it."""
    os.kill(server.mongod.pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as threads:
        threads.submit(_ignoring, server)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.kill(server.mongod.pid, signal.SIGCONT)


def _ignoring(server: ServerProcess) -> None:
    with suppress(httpx.TransportError):
        server.post(_PRODUCTS)


@contextmanager
def answer_not_read(server: ServerProcess) -> Iterator[None]:
    """Ask for far more than a socket holds, and read nothing of it."""
    with _connected(server) as connection:
        body = json.dumps({"query": "{" + _many() + "}"}).encode()
        connection.sendall(_head("/graphql", "application/json", len(body)) + body)
        connection.recv(1)
        yield


def _many() -> str:
    return " ".join(
        f"a{n}: products(first: 12) {{ edges {{ node {{ id name category createdAt }} }} }}"
        for n in range(150)
    )


@contextmanager
def upload_unfinished(server: ServerProcess) -> Iterator[socket.socket]:
    """Send most of a stream, so that its first chunks are staged."""
    with _connected(server) as connection:
        line = b'{"productId": "000000000000000000000001", "quantity": 1}\n'
        path = "/api/batches/batch-update-stock"
        connection.sendall(_head(path, "application/x-ndjson", 10_000 * len(line)) + 9_000 * line)
        yield connection


@contextmanager
def _connected(server: ServerProcess) -> Iterator[socket.socket]:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        yield connection


def _head(path: str, media_type: str, length: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\n"
        f"content-length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.slow
@pytest.mark.parametrize("hang", [mongod_stopped, answer_not_read, upload_unfinished])
def test_a_server_ends_in_time_whatever_hangs(serve: Serve, hang: type) -> None:
    server = serve()
    with hang(server):
        told = time.monotonic()
        server.send(signal.SIGTERM)

        assert server.wait(seconds=PROMISED_SECONDS) == 0
    print(f"ended in {time.monotonic() - told:.1f} s")
    assert "Traceback" not in server.log


def test_an_upload_under_way_is_refused_and_nothing_of_it_is_stored(serve: Serve) -> None:
    server = serve(SHUTDOWN_SECONDS="60")
    told = time.monotonic()
    with server.mongo() as client, upload_unfinished(server) as connection:
        chunks = client["stockbatch"]["batchChunks"]
        until(chunks.estimated_document_count, "the first chunks of the upload")
        server.send(signal.SIGTERM)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))

    assert server.wait(seconds=PROMISED_SECONDS) == 0
    assert time.monotonic() - told < PROMISED_SECONDS
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1" in head
    assert json.loads(body)["error"] == {"code": "UNAVAILABLE", "message": NOTHING_DONE}
    assert faults(server.log) == []
    again = serve()
    assert again.graphql("{ batchOperations { totalCount } }")["batchOperations"]["totalCount"] == 0
    with again.mongo() as client:
        assert client["stockbatch"]["batchChunks"].count_documents({}) == 0


def test_a_request_that_does_not_end_in_time_is_cut_off_with_one_warning(serve: Serve) -> None:
    server = serve(SHUTDOWN_SECONDS="1", CONCURRENT_CHUNKS="1", TRANSACTION_SECONDS="40")
    with server.mongo() as client:
        warehouse = Warehouse(client["stockbatch"])
        with ExitStack() as held, ThreadPoolExecutor() as threads:
            held.enter_context(warehouse.product_held(client["stockbatch"], 0))
            sent = threads.submit(warehouse.send, server, [0, 1])
            until(lambda: conflicts(client), "a request that cannot end")
            server.send(signal.SIGTERM)
            answer = sent.result()
            held.close()
    assert answer.status_code == 503
    assert "goes on to its end" in answer.json()["errors"][0]["message"]
    assert server.wait() == 0
    assert [line for line in faults(server.log) if "conflict" not in line] == [
        "WARNING server.cli.serving.listening 1 requests did not end in time, and are cut off"
    ]


def test_a_mutation_over_a_websocket_is_answered_before_the_server_closes_it(
    serve: Serve,
) -> None:
    server = serve(SHUTDOWN_SECONDS="60", TRANSACTION_SECONDS="40", WORKER_ENABLED="false")
    waiting = server.graphql(_SUBMIT)["submitBatch"]["id"]
    with server.mongo() as client, ExitStack() as stack, ExitStack() as held:
        changing, listening = (stack.enter_context(_greeted(server)) for _ in range(2))
        _subscribe(listening, "1", f'subscription {{ batchProgress(id: "{waiting}") {{ id }} }}')
        assert _heard(listening)["type"] == "next"
        held.enter_context(_held(client, _CUP))
        _subscribe(changing, "1", _CHANGE)
        until(lambda: conflicts(client), "a mutation that cannot end")

        server.send(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            listening.recv(timeout=30)
        _subscribe(changing, "2", _PRODUCTS)
        refused = _heard(changing)
        held.close()
        answer, complete = _heard(changing), _heard(changing)
        with pytest.raises(ConnectionClosed):
            changing.recv(timeout=30)
    assert (refused["id"], refused["type"]) == ("2", "error")
    assert refused["payload"][0]["message"] == NOTHING_DONE
    assert answer["payload"]["data"]["batchUpdateStock"] == [{"success": True, "newStock": 15}]
    assert complete == {"id": "1", "type": "complete"}
    assert [one.close_code for one in (listening, changing)] == [1012, 1012]
    assert server.wait() == 0
    assert [line for line in faults(server.log) if "conflict" not in line] == []
    again = serve()
    assert again.graphql(f'{{ product(id: "{_CUP}") {{ stock }} }}')["product"]["stock"] == 15


@contextmanager
def _greeted(server: ServerProcess) -> Iterator[ClientConnection]:
    address = server.url.replace("http", "ws", 1) + "/graphql"
    protocol = Subprotocol("graphql-transport-ws")
    with connect(address, subprotocols=[protocol], proxy=None) as socket_:
        socket_.send(json.dumps({"type": "connection_init"}))
        assert _heard(socket_) == {"type": "connection_ack"}
        yield socket_


def _subscribe(socket_: ClientConnection, name: str, query: str) -> None:
    socket_.send(json.dumps({"id": name, "type": "subscribe", "payload": {"query": query}}))


def _heard(socket_: ClientConnection) -> Any:
    return json.loads(socket_.recv(timeout=30))


@contextmanager
def _held(client: MongoClient[dict[str, Any]], product: str) -> Iterator[None]:
    """Hold a product in an open transaction, so that nobody else can change it."""
    with client.start_session() as session, session.start_transaction():
        client["stockbatch"]["products"].update_one(
            {"_id": ObjectId(product)}, {"$set": {"category": "held"}}, session=session
        )
        yield
        session.abort_transaction()


@pytest.mark.slow
def test_a_server_ends_in_time_although_the_receiver_of_prices_does_not_answer(
    serve: Serve,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        server = serve(PUBLISH_URL=f"http://127.0.0.1:{silent.getsockname()[1]}/prices")
        answer = httpx.post(
            f"{server.url}/api/batches/batch-update-price",
            json={"productIds": ["000000000000000000000001"], "newPrice": 7},
            trust_env=False,
        )
        assert answer.status_code == 201, answer.text
        with silent.accept()[0]:
            server.send(signal.SIGTERM)

            assert server.wait(seconds=PROMISED_SECONDS) == 0
    assert "Traceback" not in server.log


@pytest.mark.slow
def test_a_worker_ends_in_time_while_its_database_hangs(serve: Serve, tmp_path: Path) -> None:
    server = serve(WORKER_ENABLED="false")
    with ExitStack() as stack:
        worker = WorkerProcess(tmp_path / "worker.log", {"DATA_DIR": server.data_dir})
        stack.callback(worker.close)
        worker.wait_until_ready()
        with mongod_stopped(server):
            worker.send(signal.SIGTERM)

            assert worker.wait(seconds=PROMISED_SECONDS) == 0
        assert "Traceback" not in worker.log


def test_a_server_that_stops_tells_every_door_so(serve: Serve) -> None:
    server = serve(SHUTDOWN_SECONDS="10", CONCURRENT_CHUNKS="1", TRANSACTION_SECONDS="40")
    with server.mongo() as client:
        warehouse = Warehouse(client["stockbatch"])
        with ExitStack() as held, ThreadPoolExecutor() as threads:
            held.enter_context(warehouse.product_held(client["stockbatch"], 0))
            sent = threads.submit(warehouse.send, server, [0, 1])
            until(lambda: conflicts(client), "a request that cannot end")
            server.send(signal.SIGTERM)
            until(lambda: _get(server, "/readyz").status_code == 503, "the news")

            ready, graphql = _get(server, "/readyz"), server.post(_PRODUCTS)
            rest, convex = _get(server, f"/api/batches/{'0' * 24}"), _convex(server)
            health = _get(server, "/healthz")

            held.close()
            answer = sent.result().json()
    assert ready.json() == {"status": "unavailable", "reason": "the process stops"}
    assert health.status_code == 200
    assert [one.status_code for one in (graphql, rest, convex)] == [503] * 3
    assert [one.headers["retry-after"] for one in (graphql, rest, convex)] == ["1"] * 3
    assert graphql.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert rest.json()["error"]["code"] == convex.json()["code"] == "UNAVAILABLE"
    assert [one["success"] for one in answer["data"]["batchUpdateStock"]] == [True, True]
    assert server.wait() == 0
    assert "Traceback" not in server.log


def _get(server: ServerProcess, path: str) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", trust_env=False, timeout=30)


def _convex(server: ServerProcess) -> httpx.Response:
    call = {"path": "products", "args": {}, "format": "json"}
    return httpx.post(f"{server.url}/api/query", json=call, trust_env=False, timeout=30)
