"""A token whose key cannot be fetched: what each door says, and that the others go on."""

from collections.abc import AsyncIterator

import pytest

from server.web.identity.authentication import Authentication
from server.web.identity.tokens import Tokens
from tests.support.shop import Shop
from tests.support.waiting import until
from tests.support.web.door_cells import CONVEX, GRAPHQL, WEBSOCKET
from tests.support.web.doors import Door, Reply, app_of, reply, well_formed
from tests.support.web.issuer import (
    Issuer,
    SigningKey,
    StoppedClock,
    issuing,
    tokens_of,
)
from tests.support.web.whole_answers import everything

pytestmark = pytest.mark.either_driver

KNOWN, UNKNOWN = SigningKey("known"), SigningKey("unknown")
SILENT = (
    "The issuer's key address does not answer (JWT_JWKS): the token cannot be checked. Nothing was "
    "done: try again later."
)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing(KNOWN) as found:
        yield found


async def sent_to_all(shop: Shop, tokens: Tokens, key: SigningKey) -> dict[Door, Reply]:
    """Return what each door answers to a token that is signed with `key`."""
    (product,) = await shop.put(10)
    app = app_of(shop, authentication=Authentication(tokens=tokens))
    answers = {}
    for door in Door:
        sent = well_formed(door, product, "0" * 24)
        headers = ("authorization", f"Bearer {key.token()}")
        answers[door] = await reply(app, door, sent.with_header(*headers))
    return answers


@pytest.mark.parametrize("mode", ["hangs", "refuses"])
async def test_every_door_says_that_the_issuer_does_not_answer(
    shop: Shop, issuer: Issuer, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    await issuer.turn(mode)
    before = everything(shop)

    async with tokens_of(issuer, StoppedClock(), seconds=1) as tokens:
        answers = await sent_to_all(shop, tokens, KNOWN)

    shown = {
        door: Reply(
            status=503,
            code="UNAVAILABLE",
            message=SILENT,
            retry_after="1",
            retry_after_seconds=1 if door in GRAPHQL else None,
        )
        for door in Door
    } | {WEBSOCKET: Reply(status=1013, code="CLOSED", message=SILENT)}
    assert answers == shown
    assert everything(shop)["batchOperations"] == before["batchOperations"]
    assert set(shop.stocks().values()) == {10}
    (line,) = [one for one in caplog.records if one.name.startswith("server.web")]
    assert line.getMessage().startswith("The keys of the issuer cannot be fetched from http://127")


async def test_no_door_waits_for_an_issuer_that_hangs_if_the_key_is_known(
    shop: Shop, issuer: Issuer
) -> None:
    clock = StoppedClock()
    async with tokens_of(issuer, clock) as tokens:
        await tokens.caller_of(KNOWN.token())
        await issuer.turn("hangs")
        clock.now = 3600

        answers = await sent_to_all(shop, tokens, KNOWN)  # each within 30 s, which a fetch lasts

    refused = {door: answer for door, answer in answers.items() if answer.code is not None}
    assert {answer.code for answer in refused.values()} <= {"NOT_FOUND"}  # there is no such batch
    assert not refused.keys() & {*GRAPHQL, *CONVEX}


async def test_an_unknown_key_of_an_issuer_that_answers_is_the_caller_s_mistake(
    shop: Shop, issuer: Issuer
) -> None:
    async with tokens_of(issuer, StoppedClock()) as tokens:
        answers = await sent_to_all(shop, tokens, UNKNOWN)

    reason = "The token is signed with a key that its issuer does not publish."
    over_http = Reply(status=401, code="UNAUTHENTICATED", message=reason)
    closed = Reply(status=4403, code="CLOSED", message=reason)
    assert answers == {door: closed if door is WEBSOCKET else over_http for door in Door}
    assert issuer.asked == 1


async def test_a_server_fetches_the_keys_before_anybody_asks(issuer: Issuer) -> None:
    async with tokens_of(issuer, StoppedClock()) as tokens:
        authentication = Authentication(tokens=tokens)
        async with authentication.watching():
            await until(lambda: issuer.asked == 1)
