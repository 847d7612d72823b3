"""Whatever is wrong with a request: the answer is JSON, in the one form of its door."""

import json
import logging
from collections.abc import AsyncIterator, Sequence

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from server.cli.serving.logs import CurrentFields
from server.web.error_answer import ErrorsAnswered
from server.web.measuring import Measured
from server.web.origins import AllowedHosts
from server.web.refusal import STATUSES
from server.web.requests import not_measured
from tests.support.shop import Shop
from tests.support.web.doors import app_of
from tests.support.web.listening import Listening, listening

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
_CONVEX = ("/api/mutation", "/api/query", "/api/action", "/api/query_ts", "/api/query_at_ts")
_HANDSHAKE = (
    b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws"
)


@pytest.fixture
async def server(shop: Shop) -> AsyncIterator[Listening]:
    async with listening(AllowedHosts(app_of(shop, origins=[]), ["loopback"])) as found:
        yield found


def request(line: str, *headers: bytes, host: bytes = b"localhost") -> bytes:
    lines = [line.encode(), b"host: " + host, b"connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def handshake(target: str, *headers: bytes, host: bytes = b"localhost") -> bytes:
    lines = [f"GET {target} HTTP/1.1".encode(), b"host: " + host, _HANDSHAKE, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def read(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, body


def code_of(answer: bytes, path: str = "/") -> str:
    """Return the code of an error, once it is found to have the form of its door."""
    status, headers, body = read(answer)
    assert status >= 400, answer
    assert headers["content-type"].split(";")[0] in (
        "application/json",
        "application/graphql-response+json",
    ), answer
    found = json.loads(body)
    if "errors" in found:
        assert path == "/graphql"
        (error,) = found["errors"]
        return str(error["extensions"]["code"])
    if path.removeprefix("/") and f"/{path.lstrip('/')}" in _CONVEX and "error" not in found:
        assert set(found) == {"code", "message"}
        return str(found["code"])
    assert list(found) == ["error"], found
    assert found["error"]["message"]
    assert found["error"]["code"] in STATUSES
    return str(found["error"]["code"])


def paths(routes: Sequence[BaseRoute], before: str = "") -> list[str]:
    found = []
    for route in routes:
        if isinstance(route, Route):
            path = (before + route.path).replace("{name}", "0" * 24)
            found.append(path)
        elif isinstance(route, Mount):
            found += paths(route.routes, before + route.path)
    return found


async def test_every_path_refuses_wrong_methods_in_json(shop: Shop) -> None:
    app = app_of(shop)
    walked = [*paths(app.routes), "/nonsense", "/api/nonsense", "/graphiql/nonsense"]
    refused = 0
    async with listening(AllowedHosts(app, ["loopback"])) as server:
        for path in walked:
            for method in _METHODS:
                answer = await server.answer(request(f"{method} {path} HTTP/1.1"))
                status, headers, body = read(answer)
                if status < 400 or method == "HEAD":
                    assert method != "HEAD" or not body
                    continue
                refused += 1
                code = code_of(answer, path)
                assert status < 500, answer
                if status == 405:
                    assert headers["allow"], answer
                    assert code in ("METHOD_NOT_ALLOWED", "BAD_INPUT")

    assert len(walked) > 20
    assert refused > 100


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "BAD_INPUT"),
        (b"GET\r\n\r\n", 400, "BAD_INPUT"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "BAD_INPUT"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "BAD_INPUT"),  # TLS
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "BAD_INPUT"),
        (b"GET /nonsense HTTP/1.0\r\nhost: localhost\r\n\r\n", 404, "NOT_FOUND"),
        (b"GET /graphql HTTP/1.0\r\n\r\n", 421, "MISDIRECTED_REQUEST"),
        (request("GET /nonsense HTTP/1.1", host=b"evil.example"), 421, "MISDIRECTED_REQUEST"),
        (request("GET / HTTP/1.1", host=b"localhost:80@evil.example"), 400, "BAD_INPUT"),
        (request("GET / HTTP/1.1", b"host: localhost"), 400, "BAD_INPUT"),
        (b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400, "BAD_INPUT"),
        (request("GET http://evil.example/ HTTP/1.1"), 400, "BAD_INPUT"),
        (request("GET http://evil.example/ HTTP/1.1", host=b"evil.example"), 421,
         "MISDIRECTED_REQUEST"),
        (request("GET http://a@localhost/ HTTP/1.1"), 400, "BAD_INPUT"),
        (request("GET http://a@localhost/ HTTP/1.1", host=b"a@localhost"), 400, "BAD_INPUT"),
        (request("GET ftp://localhost/ HTTP/1.1"), 400, "BAD_INPUT"),
        (request("GET http:/// HTTP/1.1"), 400, "BAD_INPUT"),
        (request("GET HTTP://LOCALHOST/nonsense HTTP/1.1"), 404, "NOT_FOUND"),
        (request("CONNECT localhost:80 HTTP/1.1"), 400, "BAD_INPUT"),
        (request("OPTIONS * HTTP/1.1"), 404, "NOT_FOUND"),
        (request("OPTIONS /graphql HTTP/1.1"), 405, "BAD_INPUT"),
        (request("OPTIONS /graphql HTTP/1.1", b"origin: https://a.example",
                 b"access-control-request-method: DELETE"), 400, "BAD_INPUT"),
        (request("GET /nonsense HTTP/1.1", b"upgrade: h2c", b"connection: upgrade"), 404,
         "NOT_FOUND"),
        (handshake("/nonsense"), 404, "NOT_FOUND"),
        (handshake("/api/batches"), 404, "NOT_FOUND"),
        (handshake("/graphql", b"origin: https://evil.example"), 403, "FORBIDDEN"),
        (handshake("/graphql", host=b"evil.example"), 421, "MISDIRECTED_REQUEST"),
        (handshake("/graphql", host=b"a@localhost"), 400, "BAD_INPUT"),
        (handshake("http://evil.example/graphql"), 400, "BAD_INPUT"),
        (handshake("http://evil.example/graphql", host=b"evil.example"), 421,
         "MISDIRECTED_REQUEST"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_refused_in_one_form_and_without_a_line_of_the_log(
    server: Listening, sent: bytes, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        peer = await server.peer()
        await peer.send(sent)
        answer = await peer.all()

    path = "/graphql" if b" /graphql" in sent else "/"
    assert (read(answer)[0], code_of(answer, path)) == (status, code)
    own = [record for record in caplog.records if not record.name.startswith("uvicorn")]
    assert own + [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def failing(request: Request) -> Response:
    """Fail at once, or in the middle of an answer."""
    if request.url.path == "/at-once":
        raise ZeroDivisionError("secret")

    async def half() -> AsyncIterator[bytes]:
        yield b"the first half"
        raise ZeroDivisionError("secret")

    return StreamingResponse(half())


@pytest.mark.parametrize("path", ["/at-once", "/half"])
async def test_a_fault_is_one_line_of_the_log_whenever_it_comes(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Starlette(
        routes=[Route(path, failing)],
        middleware=[Middleware(Measured, {path: "rest"}, not_measured), Middleware(ErrorsAnswered)],
    )
    ids = CurrentFields()
    caplog.handler.addFilter(ids)
    async with listening(app) as server:
        answer = await server.answer(request(f"GET {path} HTTP/1.1", b"x-request-id: mine"))
    caplog.handler.removeFilter(ids)

    (line,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert (line.name, vars(line)["request_id"]) == (
        ("server.web.refusal", "mine")
        if path == "/at-once"
        else ("server.web.error_answer", "mine")
    )
    assert line.exc_info is not None
    assert b"secret" not in answer
    if path == "/half":
        assert answer.endswith(b"the first half\r\n")  # no last chunk: it is not whole
    else:
        assert (read(answer)[0], code_of(answer)) == (500, "INTERNAL")


async def test_a_bad_frame_of_a_websocket_is_counted_and_no_line(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[int] = []
    async with listening(app_of(shop)) as server:
        server.guard.on_refused = refused.append
        peer = await server.peer()
        await peer.send(handshake("/graphql"))
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(b"\xff\xff\xff")
        await peer.all()

    assert refused == [1002]
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
