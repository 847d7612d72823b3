"""Who may open a WebSocket, and for how long."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from server.web.identity.api_keys import ApiKeys, read_keys
from server.web.identity.authentication import Authentication
from server.web.identity.key_set import FRESH_SECONDS, KEPT_SECONDS
from tests.support.batches.batch_work import batch, submit
from tests.support.shop import Shop
from tests.support.waiting import until
from tests.support.web.doors import app_of
from tests.support.web.identities import ADMIN, EXPIRED, OPERATOR, Identities, make_identities
from tests.support.web.issuer import SigningKey, StoppedClock, issuing, tokens_of
from tests.support.web.listening import Listening, listening
from tests.support.web.talking import talking

pytestmark = pytest.mark.either_driver

HELLO = "{ __typename }"
CANNOT_CHECK = (
    "The issuer's key address {} (JWT_JWKS): the token cannot be checked. Nothing was done: try "
    "again later."
)


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return make_identities(tmp_path)


@pytest.fixture
async def server(shop: Shop, identities: Identities) -> AsyncIterator[Listening]:
    async with listening(app_of(shop, authentication=identities.authentication)) as opened:
        yield opened


def greeting(payload: Any) -> dict[str, Any]:
    return {"type": "connection_init", "payload": payload}


@pytest.mark.parametrize(
    "payload",
    [
        {"Authorization": "Bearer {}"},
        {"authorization": "bearer {}"},
        {"headers": {"Authorization": "Bearer {}"}},
    ],
)
async def test_a_greeting_says_who_calls(
    server: Listening, identities: Identities, payload: Mapping[str, Any]
) -> None:
    sent = filled(payload, identities.keys[ADMIN])
    async with talking(server.port) as talk:
        await talk.send(greeting(sent))

        assert await talk.hear() == {"type": "connection_ack"}


def filled(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {
        name: filled(value, key) if isinstance(value, Mapping) else value.format(key)
        for name, value in payload.items()
    }


async def test_the_header_of_the_handshake_says_who_calls(
    server: Listening, identities: Identities
) -> None:
    headers = identities.headers(ADMIN)
    async with talking(server.port, additional_headers=headers) as talk:
        await talk.greet()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "Say who you are in connection_init: {Authorization: Bearer …}."),
        ({}, "Say who you are in connection_init: {Authorization: Bearer …}."),
        ({"Authorization": 5}, "Say who you are in connection_init: {Authorization: Bearer …}."),
        (
            {"Authorization": "Basic YTpi"},
            "The header Authorization must have the form: Bearer KEY-OR-TOKEN.",
        ),
        ({"Authorization": "Bearer sb_wrong"}, "There is no such API key."),
    ],
)
async def test_a_caller_that_nobody_knows_is_sent_away(
    server: Listening, payload: Any, reason: str
) -> None:
    async with talking(server.port) as talk:
        await talk.send(greeting(payload))

        assert await talk.closed() == (4403, reason)


async def test_an_expired_key_opens_nothing(server: Listening, identities: Identities) -> None:
    async with talking(server.port, additional_headers=identities.headers(EXPIRED)) as talk:
        await talk.send({"type": "connection_init"})

        assert await talk.closed() == (4403, "The API key or token has expired.")


async def test_header_and_greeting_must_agree(server: Listening, identities: Identities) -> None:
    async with talking(server.port, additional_headers=identities.headers(ADMIN)) as talk:
        await talk.send(greeting({"Authorization": f"Bearer {identities.keys[OPERATOR]}"}))

        assert await talk.closed() == (
            4403,
            "The header and the greeting have different credentials.",
        )


async def test_a_key_that_is_revoked_ends_its_sockets_and_no_others(
    shop: Shop, tmp_path: Path
) -> None:
    made = make_identities(tmp_path)
    now = 0.0
    authentication = Authentication(ApiKeys(made.file, clock=lambda: now))
    (product,) = await shop.put(10)
    watched = await submit(shop, [{"productId": product, "quantity": 1}])
    assert await batch(shop, watched)
    watch = f'subscription {{ batchProgress(id: "{watched}") {{ status }} }}'
    async with (
        listening(app_of(shop, authentication=authentication)) as server,
        talking(server.port, additional_headers=made.headers(ADMIN)) as admin,
        talking(server.port, additional_headers=made.headers(OPERATOR)) as operator,
    ):
        await admin.greet()
        await operator.greet()
        await admin.subscribe(watch)
        assert (await admin.hear())["type"] == "next"
        others = [key.line() for key in read_keys(made.file) if key.name != ADMIN]
        made.file.write_text("\n".join(others))
        now = 2.0

        await authentication.check_sessions()

        assert await admin.closed() == (4403, "There is no such API key.")
        await operator.subscribe(HELLO)
        assert (await operator.hear())["payload"] == {"data": {"__typename": "Query"}}


async def test_a_server_that_knows_no_callers_ends_no_socket(shop: Shop) -> None:
    authentication = Authentication()
    async with (
        listening(app_of(shop, authentication=authentication)) as server,
        talking(server.port) as talk,
    ):
        await talk.greet()

        await authentication.check_sessions()

        await talk.subscribe(HELLO)
        assert (await talk.hear())["payload"] == {"data": {"__typename": "Query"}}


async def test_what_comes_after_the_end_of_a_key_is_not_done(shop: Shop, tmp_path: Path) -> None:
    """A client need not close when the server does, and could go on sending."""
    made = make_identities(tmp_path)
    (product,) = await shop.put(10)
    mutation = (
        f'mutation {{ batchUpdateStock(updates: [{{productId: "{product}", quantity: 1}}])'
        " { success } }"
    )
    now = 0.0
    authentication = Authentication(ApiKeys(made.file, clock=lambda: now))
    async with (
        listening(app_of(shop, authentication=authentication)) as server,
        talking(server.port, additional_headers=made.headers(ADMIN)) as talk,
    ):
        await talk.greet()
        made.file.write_text("")
        now = 2.0
        await authentication.check_sessions()

        for number in range(10):
            try:
                await talk.subscribe(mutation, str(number))
            except ConnectionClosed:
                break
        await asyncio.sleep(0.2)

    assert shop.stocks() == {product: 10}


@pytest.mark.parametrize("as_header", [True, False])
async def test_a_token_whose_key_cannot_be_fetched_may_try_again(
    shop: Shop, *, as_header: bool
) -> None:
    key = SigningKey("key")
    credential = {"Authorization": f"Bearer {key.token()}"}
    async with issuing(key) as issuer, tokens_of(issuer, StoppedClock()) as tokens:
        await issuer.turn("refuses")
        authentication = Authentication(tokens=tokens)
        headers = credential if as_header else {}
        async with (
            listening(app_of(shop, authentication=authentication)) as server,
            talking(server.port, additional_headers=headers) as talk,
        ):
            await talk.send(greeting({} if as_header else credential))

            assert await talk.closed() == (
                1013,
                CANNOT_CHECK.format("does not answer"),
            )


async def test_sockets_live_while_the_issuer_hangs_and_end_when_their_token_or_their_key_does(
    shop: Shop,
) -> None:
    key, clock = SigningKey("key"), StoppedClock()
    async with (
        issuing(key) as issuer,
        tokens_of(issuer, clock) as tokens,
    ):
        authentication = Authentication(tokens=tokens)
        async with (
            listening(app_of(shop, authentication=authentication)) as server,
            talking(server.port) as long,
            talking(server.port) as short,
        ):
            ends_at = time.time() + 3
            for talk, seconds in ((long, 3600.0), (short, 3.0)):
                token = key.token(seconds=seconds)
                await talk.send(greeting({"Authorization": f"Bearer {token}"}))
                assert await talk.hear() == {"type": "connection_ack"}
            await issuer.turn("hangs")
            clock.now = FRESH_SECONDS

            await authentication.check_sessions()  # waits for nobody
            for talk in (long, short):
                await talk.subscribe(HELLO)
                assert (await talk.hear())["type"] == "next"
                assert (await talk.hear())["type"] == "complete"

            await until(lambda: time.time() > ends_at)
            await authentication.check_sessions()
            assert await short.closed() == (
                4403,
                "The token is not valid: Signature has expired.",
            )
            await long.subscribe(HELLO, "2")
            assert (await long.hear())["type"] == "next"
            assert (await long.hear())["type"] == "complete"

            clock.now = KEPT_SECONDS  # nobody has confirmed the key for a day
            await authentication.check_sessions()
            assert await long.closed() == (
                1013,
                CANNOT_CHECK.format("has not answered yet"),
            )


async def test_a_key_that_its_issuer_withdraws_ends_its_sockets(shop: Shop) -> None:
    old, new, clock = SigningKey("old"), SigningKey("new"), StoppedClock()
    async with issuing(old) as issuer, tokens_of(issuer, clock) as tokens:
        authentication = Authentication(tokens=tokens)
        async with (
            listening(app_of(shop, authentication=authentication)) as server,
            talking(server.port) as talk,
        ):
            await talk.send(greeting({"Authorization": f"Bearer {old.token()}"}))
            assert await talk.hear() == {"type": "connection_ack"}
            issuer.keys = [new]
            clock.now = FRESH_SECONDS
            await tokens.caller_of(new.token())  # which fetches the keys

            await authentication.check_sessions()

            assert await talk.closed() == (
                4403,
                "The token is signed with a key that its issuer does not publish.",
            )
