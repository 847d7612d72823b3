"""Each refusal that passes says when to come again, at every door and before or after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from server.domain.caller import Caller
from server.domain.errors import (
    DatabaseUnavailable,
    IssuerUnavailable,
    KeyInUse,
    Overloaded,
    QueueFull,
    RateLimited,
    RequestError,
    ServerStops,
    WriteConflict,
)
from server.web.admission.admission import Admission
from server.web.graphql.socket import TRY_AGAIN
from server.web.identity.authentication import Authentication
from server.web.refusal import STATUSES, to_refused
from tests.integration.doors.test_doors import batches_of, replace_use_cases
from tests.support.shop import Shop
from tests.support.web.door_cells import CONVEX, GRAPHQL, WEBSOCKET
from tests.support.web.doors import Door, Reply, app_of, reply, well_formed

pytestmark = pytest.mark.either_driver

PASSING: dict[str, Callable[[], Exception]] = {
    "the server stops": lambda: ServerStops("Why."),
    "there is too much to do": lambda: Overloaded("Why.", retry_after_seconds=7),
    "a caller has used up its share": lambda: RateLimited("Why.", retry_after_seconds=7),
    "the issuer is away": lambda: IssuerUnavailable("Why.", retry_after_seconds=7),
    "the queue is full": lambda: QueueFull("Why."),
    "the key is in use": lambda: KeyInUse("Why."),
    "the database is away": lambda: DatabaseUnavailable("secret"),
    "others always win": lambda: WriteConflict("secret"),
}
AT_THE_DOOR = ("the server stops", "there is too much to do")


@dataclass
class Refusing(Admission):
    """Admits nobody."""

    error: Callable[[], Exception] = field(default=AssertionError)

    def __post_init__(self) -> None:
        super().__init__()

    def require_hope(self, caller: str) -> None:  # noqa: ARG002 - whoever it is
        error = self.error()
        raise error


class NobodyKnown(Authentication):
    """Cannot tell who calls."""

    async def identify(self, connection: HTTPConnection) -> Caller:  # noqa: ARG002 - as above
        error = PASSING["the issuer is away"]()
        raise error

    async def identify_socket(
        self,
        connection: HTTPConnection,  # noqa: ARG002
        greeting: Mapping[str, Any],  # noqa: ARG002
    ) -> tuple[Caller, str]:
        error = PASSING["the issuer is away"]()
        raise error


@pytest.mark.parametrize("name", PASSING)
async def test_a_use_case_that_cannot_be_served_now_says_when(
    shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_arguments: object, **_options: object) -> None:
        error = PASSING[name]()
        raise error

    (product,) = await shop.put(10)
    batches = await batches_of(shop, product)
    replace_use_cases(shop, fail, monkeypatch)

    for door in Door:
        answer = await reply(app_of(shop), door, well_formed(door, product, batches[door]))
        assert_says_when(door, answer, PASSING[name]())


@pytest.mark.parametrize("name", AT_THE_DOOR)
async def test_a_door_that_takes_nothing_now_says_when(shop: Shop, name: str) -> None:
    (product,) = await shop.put(10)
    app = app_of(shop, admission=Refusing(PASSING[name]))

    for door in Door:
        answer = await reply(app, door, well_formed(door, product, "0" * 24))
        assert_says_when(door, answer, PASSING[name]())
        assert answer.status == (0 if door is WEBSOCKET else 503)


async def test_a_door_that_cannot_tell_who_calls_says_when(shop: Shop) -> None:
    (product,) = await shop.put(10)
    app = app_of(shop, authentication=NobodyKnown())

    for door in Door:
        sent = well_formed(door, product, "0" * 24).with_header("authorization", "Bearer token")
        answer = await reply(app, door, sent)
        if door is WEBSOCKET:  # it is closed, which has a code and a reason alone
            assert (answer.status, answer.message) == (TRY_AGAIN, "Why.")
        else:
            assert_says_when(door, answer, PASSING["the issuer is away"]())
            assert answer.status == 503


def assert_says_when(door: Door, answer: Reply, error: Exception) -> None:
    """Assert that an answer says when to come again, in each form that its door has."""
    refusal = to_refused(error).refusal
    seconds = refusal.retry_after_seconds
    assert seconds is not None
    assert answer.code == refusal.code, (door, answer)
    if door in GRAPHQL or (door in CONVEX and answer.status == 200):
        assert answer.retry_after_seconds == seconds, (door, answer)
    if answer.status >= 400:
        assert answer.status == STATUSES[refusal.code], (door, answer)
        assert answer.retry_after == str(seconds), (door, answer)


def test_every_error_that_passes_is_walked() -> None:
    walked = {type(make()) for make in PASSING.values()}
    passing = {
        kind
        for kind in RequestError.__subclasses__()
        if to_refused(kind("Why.")).refusal.retry_after_seconds is not None
    }

    assert passing <= walked
    assert {STATUSES[kind.code] for kind in passing} == {409, 429, 503}
