"""The keys of an issuer that answers, changes its keys, or does not answer: who waits, and why."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from server.domain.caller import Role
from server.domain.errors import IssuerUnavailable, Unauthenticated
from server.web.identity.key_set import FRESH_SECONDS, KEPT_SECONDS, PAUSE_SECONDS, KeySet
from server.web.identity.key_source import KeysById, KeySource, NoKeys
from tests.support.waiting import until
from tests.support.web.issuer import (
    AWAY,
    Issuer,
    SigningKey,
    StoppedClock,
    issuing,
    tokens_of,
)

OLD, NEW, STRANGE = SigningKey("old"), SigningKey("new"), SigningKey("strange")
FETCH_SECONDS = 1.0  # where the issuer says nothing; elsewhere 30
SILENT_MODES = ("hangs", "drips")
NOT_PUBLISHED = "The token is signed with a key that its issuer does not publish."
SILENT = (
    "The issuer's key address does not answer (JWT_JWKS): the token cannot be checked. Nothing was "
    "done: try again later."
)
WITHOUT_KEYS = SILENT.replace("does not answer", "answers without keys")
SEEN = {mode: SILENT if mode in ("hangs", "drips", "refuses") else WITHOUT_KEYS for mode in AWAY}
LOGGED = {
    "hangs": "there was no whole answer in 1 s",
    "drips": "there was no whole answer in 1 s",
    "refuses": "ConnectError: All connection attempts failed",
    "fails": "it answered with status 500",
    "lies": "PyJWKSetError: The JWK Set did not contain any usable keys",
    "is empty": "PyJWKSetError: The JWK Set did not contain any keys",
    "is huge": "ValueError: the key set is larger than 262144 bytes",
    "redirects": "it answered with status 302",
}


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing(OLD) as found:
        yield found


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    found = [one for one in caplog.records if one.name.startswith("server.")]
    return [(one.levelno, one.getMessage()) for one in found]


@pytest.mark.parametrize("mode", AWAY)
async def test_while_no_keys_can_be_fetched_the_answer_says_so_and_then_comes_at_once(
    issuer: Issuer, clock: StoppedClock, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    await issuer.turn(mode)
    seconds = FETCH_SECONDS if mode in SILENT_MODES else 30
    async with tokens_of(issuer, clock, seconds=seconds) as tokens:
        for _ in range(3):  # the first asks, and the others come in the pause
            with pytest.raises(IssuerUnavailable) as refused:
                await tokens.caller_of(OLD.token())
            assert str(refused.value) == SEEN[mode]
            assert refused.value.retry_after_seconds == 1
        asked = issuer.asked

        await issuer.turn("answers")
        clock.now = 1.0
        while len(lines(caplog)) < 2:
            tokens.tend()
            await asyncio.sleep(0.01)
            clock.now += 0.01
        assert (await tokens.caller_of(OLD.token())).role is Role.ADMIN

    assert asked == (0 if mode == "refuses" else 1)
    (begin, end) = lines(caplog)
    where = f"http://127.0.0.1:{issuer.port}"
    assert begin[0] == logging.ERROR
    assert begin[1].startswith(
        f"The keys of the issuer cannot be fetched from {where}: {LOGGED[mode]}"
    )
    assert end[0] == logging.WARNING
    assert re.fullmatch(r"The keys of the issuer can be fetched again after \d+\.\d s", end[1])
    assert "secret" not in caplog.text


@pytest.mark.parametrize("mode", AWAY)
async def test_a_known_key_is_taken_at_once_while_the_issuer_is_away(
    issuer: Issuer, clock: StoppedClock, mode: str
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        await tokens.caller_of(OLD.token())
        await issuer.turn(mode)

        for clock.now in (FRESH_SECONDS, FRESH_SECONDS + 1, KEPT_SECONDS - 1):
            began = time.monotonic()
            await tokens.caller_of(OLD.token())
            assert time.monotonic() - began < 5  # a fetch that hangs lasts for 30


async def test_keys_that_nobody_has_confirmed_for_a_day_are_not_taken(
    issuer: Issuer, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        await tokens.caller_of(OLD.token())
        await issuer.turn("fails")

        clock.now = KEPT_SECONDS
        with pytest.raises(IssuerUnavailable):
            await tokens.caller_of(OLD.token())

        await issuer.turn("answers")
        clock.now += 1
        tokens.tend()
        await until(lambda: len(lines(caplog)) == 2)
        await tokens.caller_of(OLD.token())


async def test_who_cannot_wait_is_told_that_no_answer_has_come_yet(
    issuer: Issuer, clock: StoppedClock
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        with pytest.raises(IssuerUnavailable) as refused:
            tokens.caller_at_once(OLD.token())

        assert str(refused.value) == SILENT.replace("does not answer", "has not answered yet")
        assert refused.value.retry_after_seconds == 1
        await tokens.caller_of(OLD.token())  # waits for the fetch that has begun
        assert tokens.caller_at_once(OLD.token()).role is Role.ADMIN

    assert issuer.asked == 1


async def test_an_idle_server_fetches_anew_before_it_takes_keys_of_the_day_before(
    issuer: Issuer, clock: StoppedClock
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        await tokens.caller_of(OLD.token())

        clock.now = 2 * KEPT_SECONDS
        await tokens.caller_of(OLD.token())

    assert issuer.asked == 2


async def test_an_unknown_key_waits_for_no_attempt_while_the_issuer_is_known_to_be_away(
    issuer: Issuer, clock: StoppedClock
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        await issuer.turn("fails")
        with pytest.raises(IssuerUnavailable):
            await tokens.caller_of(NEW.token())
        await issuer.turn("hangs")
        clock.now = 1.0

        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(IssuerUnavailable):
                await tokens.caller_of(NEW.token())
        assert time.monotonic() - began < 5  # a fetch that hangs lasts for 30
        await until(lambda: issuer.asked == 2)


class Place(KeySource):
    """A place where no keys are at first, which counts how often it is asked."""

    asked: ClassVar = 0
    keys: ClassVar[KeysById] = {}

    async def fetch(self) -> KeysById:
        Place.asked += 1
        if not self.keys:
            raise NoKeys("there are none", "address does not answer")
        return self.keys


async def test_attempts_come_less_and_less_often_and_are_two_lines_of_the_log(
    clock: StoppedClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Place, "asked", 0)
    keys = KeySet(Place("http://127.0.0.1"), clock=clock)
    attempts, waits = [], []
    for second in range(60):
        clock.now = float(second)
        before = Place.asked
        keys.tend()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if Place.asked > before:
            attempts.append(second)
            with pytest.raises(IssuerUnavailable) as refused:
                await keys.of(OLD.token())
            waits.append(refused.value.retry_after_seconds)

    assert attempts == [0, 1, 3, 7, 15, 25, 35, 45, 55]
    assert waits == [1, 2, 4, 8, 10, 10, 10, 10, 10]

    monkeypatch.setattr(Place, "keys", {"old": object()})
    clock.now = 65.0
    keys.tend()
    await asyncio.sleep(0)
    assert await keys.of(OLD.token()) is Place.keys["old"]
    begin, end = [one for one in caplog.records if one.name.startswith("server.")]
    assert begin.getMessage().endswith("cannot be fetched from http://127.0.0.1: there are none")
    assert end.getMessage() == "The keys of the issuer can be fetched again after 65.0 s"
    assert vars(end)["refused"] == len(waits)


async def test_all_who_wait_for_a_new_key_share_one_fetch(
    issuer: Issuer, clock: StoppedClock
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        await tokens.caller_of(OLD.token())
        issuer.keys = [OLD, NEW]
        clock.now = PAUSE_SECONDS

        callers = await asyncio.gather(*(tokens.caller_of(NEW.token()) for _ in range(100)))

    assert {caller.role for caller in callers} == {Role.ADMIN}
    assert issuer.asked == 2


async def test_unknown_keys_cannot_make_the_server_ask_often(
    issuer: Issuer, clock: StoppedClock
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        for second in range(60):
            clock.now = float(second)
            strangers = [SigningKey(f"{second}-{number}", STRANGE.private) for number in range(5)]
            for ended in await asyncio.gather(
                *(tokens.caller_of(one.token()) for one in strangers), return_exceptions=True
            ):
                assert isinstance(ended, Unauthenticated)
                assert str(ended) == NOT_PUBLISHED
            assert (await tokens.caller_of(OLD.token())).role is Role.ADMIN

    assert issuer.asked == 6


async def test_who_leaves_does_not_end_the_fetch_of_the_others(
    issuer: Issuer, clock: StoppedClock
) -> None:
    await issuer.turn("hangs")
    async with tokens_of(issuer, clock) as tokens:
        leaving = asyncio.create_task(tokens.caller_of(OLD.token()))
        staying = asyncio.create_task(tokens.caller_of(OLD.token()))
        await until(lambda: issuer.asked == 1)
        leaving.cancel()
        await asyncio.wait({leaving})

        assert not staying.done()
        staying.cancel()
        await asyncio.wait({staying})
    assert issuer.asked == 1


async def test_a_key_that_the_issuer_withdraws_is_out_when_the_set_is_fetched_again(
    issuer: Issuer, clock: StoppedClock
) -> None:
    async with tokens_of(issuer, clock) as tokens:
        await tokens.caller_of(OLD.token())
        issuer.keys = [NEW]
        clock.now = FRESH_SECONDS
        tokens.tend()  # as a server does every 2 s, asked or not
        await until(lambda: issuer.asked == 2)
        await tokens.caller_of(NEW.token())

        with pytest.raises(Unauthenticated, match=NOT_PUBLISHED):
            await tokens.caller_of(OLD.token())
