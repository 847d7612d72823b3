"""A server whose issuer of tokens is not there when it starts, and comes later."""

import asyncio

import httpx

from tests.acceptance.conftest import Serve
from tests.support.web.issuer import RULES, SigningKey, issuing

QUERY = {"query": "{ products { totalCount } }"}


async def test_a_server_starts_without_its_issuer_and_takes_its_tokens_when_it_comes(
    serve: Serve,
) -> None:
    key = SigningKey("key")
    headers = {"Authorization": f"Bearer {key.token()}"}
    async with issuing(key) as issuer:
        await issuer.turn("refuses")
        settings = {"JWT_ISSUER": RULES.issuer, "JWT_AUDIENCE": RULES.audience}
        server = await asyncio.to_thread(serve, JWT_JWKS=issuer.url, **settings)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            refused = await client.post("/graphql", json=QUERY, headers=headers)
            await issuer.turn("answers")
            async with asyncio.timeout(60):
                while True:
                    answer = await client.post("/graphql", json=QUERY, headers=headers)
                    if answer.status_code == 200:
                        break
                    assert answer.status_code == 503
                    await asyncio.sleep(0.05)
        assert await asyncio.to_thread(server.stop) == 0

    (error,) = refused.json()["errors"]
    assert refused.status_code == 503
    assert error["extensions"] == {
        "code": "UNAVAILABLE",
        "retryAfterSeconds": int(refused.headers["Retry-After"]),
    }
    assert error["message"].startswith("The issuer's key address does not answer (JWT_JWKS)")
    assert answer.json() == {"data": {"products": {"totalCount": 12}}}
    about = [line for line in server.log.splitlines() if "issuer" in line]
    assert len(about) == 2, server.log
    assert f" cannot be fetched from http://127.0.0.1:{issuer.port}: ConnectError" in about[0]
    assert " can be fetched again after " in about[1]
    assert "secret" not in server.log
    assert "Traceback" not in server.log
