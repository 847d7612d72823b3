"""Which pages may call, and under which names the server answers."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.web.connections.limits import PROBES
from server.web.origins import AllowedHosts, allows


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost", True),
        ("https://localhost:5173", True),
        ("http://127.0.0.1:3000", True),
        ("http://127.255.0.9", True),
        ("http://[::1]:80", True),
        ("https://shop.example", True),
        ("https://shop.example:8443", False),
        ("http://shop.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example/localhost", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://localhost", False),
        ("null", False),
        ("", False),
    ],
)
def test_pages_of_this_machine_and_of_listed_origins_may_call(origin: str, allowed: bool) -> None:
    assert allows(["loopback", "https://shop.example"], origin) == allowed
    assert allows(["*"], origin)
    assert not allows([], origin)


_HOSTS = {  # the header Host, and the status of the answer
    "localhost": 200,
    "LOCALHOST:8000": 200,
    "localhost.:8000": 200,
    "localhost:": 200,
    "localhost:65535": 200,
    "127.0.0.1:8000": 200,
    "127.255.0.9": 200,
    "[::1]:8000": 200,
    "[::1]": 200,
    "[0:0:0:0:0:0:0:1]": 200,
    "Shop.Example:443": 200,
    "evil.example": 421,
    "localhost.evil.example": 421,
    "localhost..": 421,
    "127.0.0.1.evil.example:80": 421,
    "127.1": 421,
    "2130706433": 421,
    "my_service:8000": 421,
    "%6cocalhost": 421,
    "[::2]:8000": 421,
    "localhost,evil.example": 421,
    "": 400,
    ":8000": 400,
    "127.0.0.1:80@evil": 400,
    "localhost@evil.example": 400,
    "evil.example@localhost": 400,
    "localhost:65536": 400,
    "localhost:99999999999": 400,
    "localhost:80:80": 400,
    "localhost:-1": 400,
    "localhost:8000/": 400,
    "localhost/evil": 400,
    "http://localhost": 400,
    "localhost evil": 400,
    "::1": 400,
    "[::1": 400,
    "[::1]evil": 400,
    "[::1]evil:80": 400,
    "[]": 400,
    "[:::]": 400,
    "[localhost]": 400,
    "[::1%25lo]": 400,
    "[v1.a]": 400,
    "localhost\t": 400,
    "löcalhost": 400,
    "a" * 301: 400,
}
_CODES = {400: "BAD_INPUT", 421: "MISDIRECTED_REQUEST"}


def _app(refusals: list[int], hosts: Sequence[str] = ("loopback", "shop.example")) -> AllowedHosts:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await PlainTextResponse("ok")(scope, receive, send)

    return AllowedHosts(answer, hosts, refusals.append)


async def _sent(app: ASGIApp, kind: str, *hosts: str, path: str = "/graphql", **scope: Any) -> Any:
    """Return the messages that answer a request with these headers Host."""
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("nothing more is read")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host.encode("latin-1")) for host in hosts]
    asked = {
        "type": kind, "path": path, "method": "GET", "http_version": "1.1", "headers": headers,
        "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    await app(asked | scope, receive, send)
    return sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("host", "status"), _HOSTS.items())
async def test_a_foreign_name_is_421_and_a_malformed_one_400(
    kind: str, host: str, status: int
) -> None:
    refusals: list[int] = []

    first, *rest = await _sent(_app(refusals), kind, host)

    if status == 200:
        assert first["type"] in ("http.response.start", "websocket.accept")
        assert refusals == []
        return
    assert (first["status"], refusals) == (status, [status])
    assert json.loads(rest[0]["body"])["error"]["code"] == _CODES[status]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_request_has_exactly_one_host(kind: str) -> None:
    app = _app([])

    for hosts in ((), ("localhost", "localhost"), ("localhost", "evil.example")):
        assert (await _sent(app, kind, *hosts))[0]["status"] == 400
    assert (await _sent(app, kind, http_version="1.0"))[0]["status"] == 421  # which had no header


async def test_a_name_that_a_proxy_forwards_is_not_believed() -> None:
    def forwarded(host: str, other: str) -> dict[str, Any]:
        return {"headers": [(b"host", host.encode()), (b"x-forwarded-host", other.encode())]}

    evil = await _sent(_app([]), "http", **forwarded("evil.example", "localhost"))
    ours = await _sent(_app([]), "http", **forwarded("localhost", "evil.example"))

    assert (evil[0]["status"], ours[0]["status"]) == (421, 200)


@pytest.mark.parametrize("path", PROBES)
async def test_probes_come_under_any_name_that_is_one(path: str) -> None:
    assert (await _sent(_app([]), "http", "10.0.0.7:8000", path=path))[0]["status"] == 200
    assert (await _sent(_app([]), "http", path=path, http_version="1.0"))[0]["status"] == 200
    assert (await _sent(_app([]), "http", "a", "b", path=path))[0]["status"] == 400


async def test_every_name_may_be_allowed_and_none_that_is_malformed() -> None:
    for host, status in (("evil.example", 200), ("my_service:8000", 200), ("a:80@b", 400)):
        assert (await _sent(_app([], ["*"]), "http", host))[0]["status"] == status


async def test_a_server_without_the_extension_closes_the_websocket() -> None:
    (closed,) = await _sent(_app([]), "websocket", "evil.example", extensions={})

    assert closed == {"type": "websocket.close", "code": 1008}
