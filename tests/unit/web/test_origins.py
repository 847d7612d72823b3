"""Which pages may call, and under which names the server answers."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

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


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("localhost.:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("Shop.Example:443", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("[::2]:8000", False),
        ("", False),
    ],
)
async def test_requests_under_another_name_are_refused(host: str, taken: bool) -> None:
    app = Starlette(
        routes=[Route(path, lambda _: PlainTextResponse("ok")) for path in ("/graphql", "/readyz")]
    )
    transport = httpx.ASGITransport(AllowedHosts(app, ["loopback", "shop.example"]))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/graphql", headers={"host": host})
        probe = await client.get("/readyz", headers={"host": host})

    assert answer.status_code == (200 if taken else 421)
    assert probe.status_code == 200
