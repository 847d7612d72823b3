"""Ask who calls and how the system does, as a page for people would."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from schema.types.system import System
from server.domain.caller import Caller
from server.web.identity.authentication import Authentication
from tests.support.batches.batch_work import claimed, plus_one, submit
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.doors import app_of
from tests.support.web.identities import ADMIN, OPERATOR, VIEWER, make_identities

pytestmark = pytest.mark.either_driver

WHO = """{
  viewer {
    name isAnonymous role mayRead mayChange maySeeAllBatches maySeeSystem mayIntrospect
  }
}"""
SYSTEM = """{
  system {
    server {
      version pythonVersion process startedAt uptimeSeconds
      libraries { name version } settings { name value isDefault meaning }
    }
    database { name version isEmbedded replicaSet primary members pingMs }
    queue { waitingChunks runningChunks oldestSeconds warning }
    workers { name seenAt isAlive leftAt }
  }
}"""
MAY = ("mayRead", "mayChange", "maySeeAllBatches", "maySeeSystem", "mayIntrospect")


async def viewer_of(
    shop: Shop, folder: Path, who: str, *, is_production: bool = True
) -> dict[str, Any]:
    identities = make_identities(folder)
    app = app_of(shop, authentication=identities.authentication, is_production=is_production)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers=identities.headers(who)
    ) as client:
        answer = (await client.post("/graphql", json={"query": WHO})).json()
    found: dict[str, Any] = answer["data"]["viewer"]
    return found


@pytest.mark.parametrize(
    ("who", "role", "may"),
    [
        (VIEWER, "VIEWER", [True, False, False, False, False]),
        (OPERATOR, "OPERATOR", [True, True, False, False, False]),
        (ADMIN, "ADMIN", [True, True, True, True, True]),
    ],
)
async def test_a_viewer_is_told_what_it_may_do(
    shop: Shop, tmp_path: Path, who: str, role: str, may: list[bool]
) -> None:
    viewer = await viewer_of(shop, tmp_path, who)

    assert (viewer["name"], viewer["role"], viewer["isAnonymous"]) == (who, role, False)
    assert [viewer[name] for name in MAY] == may


async def test_everybody_may_introspect_in_development(shop: Shop, tmp_path: Path) -> None:
    viewer = await viewer_of(shop, tmp_path, VIEWER, is_production=False)

    assert viewer["mayIntrospect"] is True


async def test_a_viewer_without_a_role_may_do_nothing(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def of_no_role(_self: Authentication, _credential: str) -> Caller:
        return Caller(name="issuer|somebody", role=None)

    monkeypatch.setattr(Authentication, "_caller_of", of_no_role)
    viewer = await viewer_of(shop, tmp_path, ADMIN)

    assert (viewer["name"], viewer["role"]) == ("issuer|somebody", None)
    assert [viewer[name] for name in MAY] == [False] * 5


async def test_a_server_that_knows_nobody_says_so(shop: Shop) -> None:
    viewer = await shop.ask(WHO)

    assert (viewer["name"], viewer["isAnonymous"], viewer["role"]) == ("anonymous", True, "ADMIN")


async def test_the_system_shows_the_queue_and_the_workers(shop: Shop) -> None:
    workers = shop.assembly.heartbeat.workers
    await workers.beat("lives")
    await workers.leave("left")
    await workers.beat("silent")
    past = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 31}}
    shop.admin[shop.database]["workers"].update_one({"_id": "silent"}, [{"$set": {"seenAt": past}}])
    await submit(shop, plus_one([UNKNOWN_ID] * 1))
    await submit(shop, plus_one([UNKNOWN_ID] * 1))
    async with claimed(shop):
        system = await shop.ask(SYSTEM)

    assert {name: system["queue"][name] for name in ("waitingChunks", "runningChunks")} == {
        "waitingChunks": 1,
        "runningChunks": 1,
    }
    assert [(one["name"], one["isAlive"], one["leftAt"] is None) for one in system["workers"]] == [
        ("left", False, False),
        ("lives", True, True),
        ("silent", False, True),
    ]


async def test_the_system_shows_the_server_and_the_database(shop: Shop) -> None:
    system = await shop.ask(SYSTEM)

    database, server = system["database"], system["server"]
    assert database["name"] == shop.database
    assert database["primary"] in database["members"]
    assert database["version"] == shop.admin.server_info()["version"]
    assert database["pingMs"] > 0
    assert {"PORT", "MONGODB_URI"} <= {one["name"] for one in server["settings"]}
    assert server["uptimeSeconds"] >= 0
    assert {*system} == {*System.__annotations__}
