"""Whose address a request has, if its headers name another one."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from server.web.connections.serving import FORWARDED
from server.web.identity.authentication import account_of
from tests.support.web.listening import listening


@pytest.mark.parametrize(
    ("trusted", "account"),
    [(None, "127.0.0.1"), ("10.0.0.1", "127.0.0.1"), ("127.0.0.1", "1.2.3.4")],
)
async def test_the_header_counts_only_from_a_trusted_proxy(
    monkeypatch: pytest.MonkeyPatch, trusted: str | None, account: str
) -> None:
    monkeypatch.delenv(FORWARDED, raising=False)
    if trusted is not None:
        monkeypatch.setenv(FORWARDED, trusted)

    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(account_of(request))

    async with (
        listening(Starlette(routes=[Route("/", who)])) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        headers = {"X-Forwarded-For": "1.2.3.4"}
        answer = await client.get(f"http://127.0.0.1:{server.port}/", headers=headers)

    assert answer.text == account
