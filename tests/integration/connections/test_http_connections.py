"""What a peer may send over HTTP, how fast, and how many peers there may be."""

import asyncio
import json
import select
import socket
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from server.web.body import read_whole
from server.web.connections.limits import HEAD_BYTES, HEADERS, PIPELINED, RESERVED
from server.web.refusal import to_refused
from tests.support.waiting import until
from tests.support.web.listening import Listening, Peer, listening

MB = 1024**2
GET = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
QUICK = {"header_seconds": 0.3, "transfer_seconds": 0.3, "idle_seconds": 0.3}


class App:
    """Answers with the number of bytes that it was sent, or with as many as the path says."""

    def __init__(self) -> None:
        self.begun = 0
        self.hung_up = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.begun += 1
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            self.hung_up += 1
            return
        except Exception as error:  # noqa: BLE001 - as a door answers it
            refused = to_refused(error)
            response = JSONResponse({"error": {"code": refused.refusal.code}}, refused.status)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        size = request.url.path.strip("/")
        if size.isdigit():
            return Response(b"x" * int(size))
        return JSONResponse({"bytes": len(await read_whole(request, 100 * MB))})


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def error(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]
    return found


def post(body: bytes, *headers: bytes) -> bytes:
    length = b"content-length: %d" % len(body)
    lines = b"\r\n".join([b"POST / HTTP/1.1", b"host: x", length, b"connection: close", *headers])
    return lines + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /" + b"a" * HEAD_BYTES, 414),
        (b"GET /" + b"a" * 100 * HEAD_BYTES, 414),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * HEAD_BYTES, 431),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 100 * HEAD_BYTES, 431),
        (b"GET / HTTP/1.1\r\n" + b"x: a\r\n" * HEAD_BYTES, 431),
        (b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * (HEADERS + 1) + b"\r\n", 431),
        (b"\r\n" * HEAD_BYTES, 431),
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n"
         + b"x: a\r\n" * 10 * HEAD_BYTES, 431),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5;" + b"x" * 5 * HEAD_BYTES, 400),
    ],
    ids=["line", "endless line", "header", "endless header", "endless headers", "too many headers",
         "line feeds", "no HTTP", "trailers", "chunk extension"],
)  # fmt: skip
async def test_what_is_no_request_is_refused_in_json_and_closed(
    request_: bytes, expected: int
) -> None:
    app = App()
    async with listening(app) as server:
        answer = await server.answer(request_)

    assert status(answer) == expected
    assert error(answer)["code"] == "BAD_INPUT"
    assert b"\r\nconnection: close\r\n" in answer


async def test_an_endless_header_is_not_read_to_its_end() -> None:
    async with listening(App()) as server:
        peer = await server.peer()
        await peer.send(b"GET / HTTP/1.1\r\nx: ")
        with pytest.raises(ConnectionError):
            await _send_for_ever(peer)

        assert peer.sent < 20 * MB


async def _send_for_ever(peer: Peer) -> None:
    while peer.sent < 400 * MB:
        await peer.send(b"a" * 65536)


@pytest.mark.parametrize("piece", [1, 7, 1000, 10**9])
async def test_a_head_and_a_body_come_in_pieces_of_any_size(piece: int) -> None:
    request = post(b"b" * 3000, b"x: " + b"a" * 4000)
    async with listening(App()) as server:
        peer = await server.peer()
        for start in range(0, len(request), piece):
            await peer.send(request[start : start + piece])
        answer = await peer.all()

    assert status(answer) == 200
    assert answer.endswith(b'{"bytes":3000}')


async def test_a_body_may_be_chunked_in_single_bytes() -> None:
    body = b"1\r\nx\r\n" * 20_000 + b"0\r\nx: trailer\r\n\r\n"
    head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    async with listening(App()) as server:
        answer = await server.answer(head + body)

    assert answer.endswith(b'{"bytes":20000}')


async def test_requests_on_one_connection_are_answered_in_turn() -> None:
    one = b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"
    async with listening(App()) as server:
        answer = await server.answer(one * 5 + post(b"x" * 100_000))

    assert answer.count(b"HTTP/1.1 200 OK") == 6
    assert answer.endswith(b'{"bytes":100000}')


async def test_few_requests_may_wait_behind_one() -> None:
    app = App()
    async with listening(app) as server:
        peer = await server.peer()
        await peer.send(b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc" * (PIPELINED + 100))
        answer = await peer.all()

    assert answer.count(b"HTTP/1.1 ") <= PIPELINED + 2
    assert app.begun <= PIPELINED + 2


async def test_an_answer_is_dropped_quietly_once_a_later_request_is_refused() -> None:
    may_answer = asyncio.Event()
    ended: list[Exception | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await may_answer.wait()
        try:
            await Response(b"x")(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - whatever it is
            ended.append(error)
        else:
            ended.append(None)

    async with listening(app) as server:
        peer = await server.peer()
        await peer.send(b"GET / HTTP/1.1\r\n\r\n" * (PIPELINED + 10))
        answer = await peer.all()
        may_answer.set()
        await until(lambda: bool(ended))

    assert status(answer) == 400
    assert ended[0] is None


Dawdle = Callable[[Listening], Any]


async def nothing(server: Listening) -> bytes:
    return await (await server.peer()).all()


async def half_a_head(server: Listening) -> bytes:
    return await server.answer(b"GET / HTTP/1.1\r\nhost:")


async def a_head_in_single_bytes(server: Listening) -> bytes:
    return await _drip(server, b"", b"GET / HTTP/1.1\r\nx: " + b"a" * 1000)


async def a_body_that_stops(server: Listening) -> bytes:
    return await server.answer(
        post(b"")[:-23].replace(b"length: 0", b"length: 9000") + b"\r\n\r\nabc"
    )


async def a_body_in_single_bytes(server: Listening) -> bytes:
    return await _drip(server, b"POST / HTTP/1.1\r\ncontent-length: 9000\r\n\r\n", b"a" * 1000)


async def a_chunked_body_in_single_bytes(server: Listening) -> bytes:
    head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
    return await _drip(server, head, b"1\r\na\r\n" * 1000)


async def _drip(server: Listening, at_once: bytes, dripping: bytes) -> bytes:
    peer = await server.peer()
    await peer.send(at_once)
    answer = asyncio.create_task(peer.all())
    for byte in dripping:
        if answer.done():
            break
        try:
            await peer.send(bytes([byte]))
        except ConnectionError:
            break
        await asyncio.sleep(0.02)  # 50 bytes a second, far below the least rate
    return await answer


@pytest.mark.parametrize(
    "dawdle",
    [nothing, half_a_head, a_head_in_single_bytes, a_body_that_stops, a_body_in_single_bytes,
     a_chunked_body_in_single_bytes],
)  # fmt: skip
async def test_a_slow_sender_is_sent_away(dawdle: Dawdle) -> None:
    app = App()
    async with listening(app, **QUICK) as server:
        answer = await dawdle(server)

        assert status(answer) == 408
        assert error(answer)["code"] == "BAD_INPUT"
        await until(lambda: app.begun == app.hung_up)


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    async with listening(App(), **QUICK) as server:
        answer = await server.answer(GET.replace(b"connection: close\r\n", b""))

    assert answer.count(b"HTTP/1.1 ") == 1
    assert status(answer) == 200


@pytest.mark.parametrize("size", [50 * MB, 200_000], ids=["large", "below the water mark"])
async def test_a_reader_that_does_not_read_is_cut_off(size: int) -> None:
    async with listening(App(), **QUICK) as server:
        peer = await _reader_that_does_not_read(server, size)
        connections = server.guard._connections
        await until(lambda: connections)
        await until(lambda: not connections)

        assert server.guard.flight.unsent == 0 or not connections
        peer.writer.transport.abort()


async def test_what_the_system_had_to_send_to_such_a_reader_is_dropped() -> None:
    """The peer sees a reset at once; otherwise it would see nothing before it reads."""
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.setblocking(False)
        waiting = select.poll()
        async with listening(App(), **QUICK) as server:
            await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", server.port))
            waiting.register(peer, select.POLLERR)
            peer.send(b"GET /%d HTTP/1.1\r\n\r\n" % (20 * MB))
            await until(lambda: waiting.poll(0))

            assert not server.guard._connections


async def _reader_that_does_not_read(server: Listening, size: int) -> Any:
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.setblocking(False)
    await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", server.port))
    peer = await server.peer_of(small)
    peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
    peer.writer.write(b"GET /%d HTTP/1.1\r\n\r\n" % size)
    return peer


async def test_a_stream_that_goes_on_is_not_cut_off() -> None:
    async with listening(App(), transfer_seconds=2) as server:
        peer = await server.peer()
        await peer.send(b"POST / HTTP/1.1\r\ncontent-length: 60000\r\nconnection: close\r\n\r\n")
        for _ in range(30):
            await peer.send(b"a" * 2000)
            await asyncio.sleep(0.1)  # 3 s in all
        answer = await peer.all()

    assert answer.endswith(b'{"bytes":60000}')


async def test_an_answer_that_takes_long_to_make_is_not_cut_off() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        async def lines() -> Any:
            for _ in range(4):
                await asyncio.sleep(0.3)
                yield b"line\n"

        await StreamingResponse(lines())(scope, receive, send)

    async with listening(slow, **QUICK) as server:
        answer = await server.answer(GET)

    assert answer.count(b"line\n") == 4


async def test_a_head_does_not_wait_for_a_body_that_comes_later() -> None:
    may_end = asyncio.Event()

    async def later(scope: Scope, receive: Receive, send: Send) -> None:
        async def lines() -> Any:
            await may_end.wait()
            yield b"line\n"

        await StreamingResponse(lines())(scope, receive, send)

    async with listening(later) as server:
        peer = await server.peer()
        await peer.send(GET)
        head = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), 10)
        may_end.set()
        body = await peer.all()

    assert status(head) == 200
    assert b"line\n" in body


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 10 * MB])
async def test_an_answer_comes_whole_whatever_its_size(size: int) -> None:
    async with listening(App()) as server:
        answer = await server.answer(
            b"GET /%d HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % size
        )

    assert status(answer) == 200
    assert answer.partition(b"\r\n\r\n")[2] == b"x" * size


async def test_bodies_have_a_budget_in_all() -> None:
    app = App()
    async with listening(app, bytes_in_flight=5 * MB) as server:
        begun = b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (50 * MB)
        holder = await server.peer()
        await holder.send(begun + b"a" * 4 * MB)
        await until(lambda: server.guard.flight.received >= 4 * MB)

        refused = await server.answer(post(b"a" * 2 * MB))
        taken = await server.answer(post(b"a" * 1000))
        holder.writer.transport.abort()
        await until(lambda: server.guard.flight.received == 0)
        later = await server.answer(post(b"a" * 20 * MB))

    assert (status(refused), error(refused)["code"]) == (503, "OVERLOADED")
    assert taken.endswith(b'{"bytes":1000}')
    assert later.endswith(b'{"bytes":%d}' % (20 * MB))  # one that is alone always has room


async def test_there_is_a_limit_on_connections_but_not_for_who_asks_for_health() -> None:
    async with listening(App(), connections=3) as server:
        for _ in range(3):
            await server.peer()
        await until(lambda: len(server.guard._connections) == 3)

        refused = await server.answer(GET)
        well = await server.answer(GET.replace(b" / ", b" /healthz "))

        assert (status(refused), error(refused)["code"]) == (503, "OVERLOADED")
        assert b"\r\nretry-after: 1\r\n" in refused
        assert status(well) == 200
        for _ in range(RESERVED):
            await server.peer()
        assert await (await server.peer()).all() == b""


async def test_there_is_a_limit_on_the_connections_of_one_address_if_it_is_set() -> None:
    async with listening(App(), per_address=2) as server:
        first = await server.peer()
        await server.peer()
        await until(lambda: len(server.guard._connections) == 2)
        assert status(await server.answer(GET)) == 503

        first.writer.close()
        await until(lambda: len(server.guard._connections) == 1)
        assert status(await server.answer(GET)) == 200


@pytest.mark.parametrize("waits", [True, False])
async def test_who_is_told_to_ask_later_is_not_read_for_a_while(waits: bool) -> None:
    begun = 0

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        headers = {"Retry-After": "1"} if waits else None
        await Response(b"later", 503, headers)(scope, receive, send)

    async with listening(refusing) as server:
        peer = await server.peer()
        await peer.send(GET.replace(b"connection: close\r\n", b""))
        await peer.reader.readuntil(b"later")
        (connection,) = server.guard._connections
        assert connection.flow.read_paused == waits  # type: ignore[attr-defined]

        await peer.send(GET)
        assert (await peer.all()).endswith(b"later")

    assert begun == 2
