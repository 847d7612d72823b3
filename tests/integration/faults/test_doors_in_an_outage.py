"""No door lets its callers wait for a database that does not answer."""

import time

import pytest

from server.domain.stopping import Stopping
from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience
from server.web.admission.admission import Admission
from server.web.patience import Patient
from tests.support.batches.batch_work import submit, work_off
from tests.support.shop import Shop
from tests.support.web.doors import Door, app_of, reply, well_formed

pytestmark = pytest.mark.either_driver

BLOCK_MS = 2_000
COMMANDS = ("find", "aggregate", "insert", "update", "findAndModify", "commitTransaction")


@pytest.mark.parametrize("door", Door, ids=lambda door: door.name)
async def test_no_door_waits_longer_than_a_request_may(shop: Shop, door: Door) -> None:
    (product,) = await shop.put(10)
    batch = await submit(shop, [{"productId": product, "quantity": 0}])
    await work_off(shop)

    def new_patience() -> Patience:
        return Patience(0.3, Outage())

    app = Patient(app_of(shop, new_patience=new_patience), new_patience)
    with shop.failing(*COMMANDS, mode="alwaysOn", blockConnection=True, blockTimeMS=BLOCK_MS):
        began = time.monotonic()
        answer = await reply(app, door, well_formed(door, product, batch))
        seconds = time.monotonic() - began
    await shop.engine.drain()

    assert seconds < BLOCK_MS / 1000
    assert_unavailable(door, answer.code, answer.retry_after)
    assert shop.stocks() == {product: 10}


@pytest.mark.parametrize("door", Door, ids=lambda door: door.name)
async def test_no_door_asks_a_database_that_is_known_not_to_answer(shop: Shop, door: Door) -> None:
    (product,) = await shop.put(10)
    outage = Outage()
    outage.is_on = True

    def new_patience() -> Patience:
        return Patience(60, outage)

    app = Patient(app_of(shop, new_patience=new_patience), new_patience)
    answer = await reply(app, door, well_formed(door, product, "0" * 24))

    assert shop.commands.names == []
    assert_unavailable(door, answer.code, answer.retry_after)


@pytest.mark.parametrize("door", Door, ids=lambda door: door.name)
async def test_no_door_begins_anything_in_a_process_that_stops(shop: Shop, door: Door) -> None:
    (product,) = await shop.put(10)
    stopping = Stopping(60)
    stopping.begin()

    app = app_of(shop, admission=Admission(stopping=stopping))
    answer = await reply(app, door, well_formed(door, product, "0" * 24))

    assert shop.commands.names == []
    assert answer.code == "UNAVAILABLE"
    assert answer.status == (0 if door is Door.WEBSOCKET else 503)
    assert "Nothing was done" in answer.message


def assert_unavailable(door: Door, code: str | None, retry_after: str | None) -> None:
    """Check an answer. A mutation without a key fails item by item, which is data."""
    is_data = door in (Door.GRAPHQL_POST, Door.WEBSOCKET, Door.CONVEX_MUTATION)
    assert code == (None if is_data else "UNAVAILABLE")
    assert retry_after == ("1" if door.name.startswith("REST") else None)
