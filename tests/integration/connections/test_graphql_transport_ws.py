"""The rules of graphql-transport-ws, one test for each.

Numbered in the order of <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.batches.batch_work import plus_one, submit, work_off
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.waiting import until
from tests.support.web.doors import app_of
from tests.support.web.listening import Listening, listening
from tests.support.web.talking import PROTOCOL, Talk, talking

pytestmark = pytest.mark.either_driver

HELLO = "{ __typename }"
ANSWER = {"data": {"__typename": "Query"}}


def watch(batch: str) -> str:
    return f'subscription {{ batchProgress(id: "{batch}") {{ status }} }}'


@pytest.fixture
async def server(shop: Shop) -> AsyncIterator[Listening]:
    async with listening(app_of(shop)) as opened:
        yield opened


@pytest.fixture
async def stranger(server: Listening) -> AsyncIterator[Talk]:
    """Open a connection that has not been acknowledged."""
    async with talking(server.port) as talk:
        yield talk


@pytest.fixture
async def talk(stranger: Talk) -> Talk:
    await stranger.greet()
    return stranger


async def next_of(talk: Talk, operation_id: str = "1") -> Any:
    message = await talk.hear()
    assert message.keys() == {"id", "type", "payload"}
    assert (message["id"], message["type"]) == (operation_id, "next")
    return message["payload"]


async def test_01_the_subprotocol_is_agreed_on_in_the_handshake(server: Listening) -> None:
    async with talking(server.port) as talk:
        assert talk.socket.subprotocol == PROTOCOL
    async with talking(server.port, protocol="") as talk:
        assert (await talk.closed())[0] == 4406


async def test_02_a_message_is_json_in_a_text_frame(server: Listening) -> None:
    for message in ("{", "", "nonsense", b"{}", "[]", "null", '"ping"', "5"):
        async with talking(server.port) as talk:
            await talk.send(message)
            assert (await talk.closed())[0] == 4400, message


async def test_03_a_message_has_a_type_of_the_protocol(server: Listening) -> None:
    for kind in (
        "next",
        "error",
        "connection_ack",
        "start",
        "",
        "PING",
        None,
        5,
        [],
        {},
        "x" * 9999,
    ):
        async with talking(server.port) as talk:
            await talk.send({"type": kind})
            code, reason = await talk.closed()
            assert code == 4400, kind
            assert reason is not None
            assert reason.startswith("The type of a message is one of connection_init, ping,")
    async with talking(server.port) as talk:
        await talk.send({})
        assert (await talk.closed())[0] == 4400


async def test_04_a_connection_begins_with_connection_init_and_its_acknowledgement(
    stranger: Talk,
) -> None:
    await stranger.send({"type": "connection_init"})

    assert await stranger.hear() == {"type": "connection_ack"}


async def test_05_connection_init_may_have_a_payload_which_is_an_object(server: Listening) -> None:
    for payload in ({}, {"token": "x"}, None):
        async with talking(server.port) as talk:
            await talk.send({"type": "connection_init", "payload": payload})
            assert await talk.hear() == {"type": "connection_ack"}
    for wrong in (0, False, "", [], "x"):
        async with talking(server.port) as talk:
            await talk.send({"type": "connection_init", "payload": wrong})
            assert await talk.closed() == (
                4400, "The payload of connection_init must be a JSON object, or left out.",
            ), wrong  # fmt: skip


async def test_06_connection_init_comes_in_time(shop: Shop) -> None:
    async with listening(app_of(shop, init_seconds=0.2)) as server, talking(server.port) as talk:
        assert await talk.closed() == (4408, "Connection initialisation timeout")


async def test_07_connection_init_comes_once(talk: Talk) -> None:
    await talk.send({"type": "connection_init"})

    assert await talk.closed() == (4429, "Too many initialisation requests")


async def test_08_nothing_is_subscribed_to_before_the_acknowledgement(server: Listening) -> None:
    for payload in ({"query": HELLO}, {}, None, 5):
        async with talking(server.port) as talk:
            await talk.send({"id": "1", "type": "subscribe", "payload": payload})
            assert await talk.closed() == (4401, "Unauthorized")


async def test_09_a_ping_may_come_before_the_acknowledgement(stranger: Talk) -> None:
    await stranger.send({"type": "ping"})

    assert await stranger.hear() == {"type": "pong"}


async def test_10_a_ping_is_answered_with_a_pong(talk: Talk) -> None:
    for _ in range(3):
        await talk.send({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}


async def test_11_a_pong_that_nobody_asked_for_is_ignored(talk: Talk) -> None:
    await talk.send({"type": "pong"})
    await talk.subscribe(HELLO)

    assert await next_of(talk) == ANSWER


async def test_12_a_ping_or_pong_may_have_a_payload_which_is_an_object(
    server: Listening,
) -> None:
    for payload in ({"sent": 5}, None):
        async with talking(server.port) as talk:
            await talk.send({"type": "pong", "payload": payload})
            await talk.send({"type": "ping", "payload": payload})
            assert await talk.hear() == {"type": "pong"}
    for kind in ("ping", "pong"):
        async with talking(server.port) as talk:
            await talk.send({"type": kind, "payload": "x"})
            assert (await talk.closed())[0] == 4400


async def test_13_the_id_of_an_operation_is_a_text(server: Listening) -> None:
    for wrong in (1, None, "", [], {}, True, "x" * 201):
        for kind in ("subscribe", "complete"):
            async with talking(server.port) as talk:
                await talk.greet()
                await talk.send({"id": wrong, "type": kind, "payload": {"query": HELLO}})
                assert await talk.closed() == (
                    4400, f"The id of {kind} must be a text of 1 to 200 characters.",
                ), wrong  # fmt: skip


async def test_14_the_id_of_an_operation_is_not_in_use(shop: Shop, talk: Talk) -> None:
    ids = await shop.put(1)
    batch = await submit(shop, plus_one(ids))
    await talk.subscribe(watch(batch))
    await next_of(talk)

    await talk.send({"id": "1", "type": "subscribe", "payload": {"query": 5}})

    assert await talk.closed() == (4409, "Subscriber for 1 already exists")


async def test_15_an_id_is_free_again_when_its_operation_has_ended(talk: Talk) -> None:
    for _ in range(3):
        await talk.subscribe(HELLO, "again")
        assert await next_of(talk, "again") == ANSWER
        assert await talk.hear() == {"id": "again", "type": "complete"}


async def test_16_a_request_in_subscribe_has_the_form_of_one_over_http(
    server: Listening, talk: Talk
) -> None:
    must_be = "The {} of a request must be a {} or null.".format
    missing = 'Request data is missing a "query" value'
    for payload, sentence in (
        ({"query": 5}, must_be("query", "text")),
        ({"query": HELLO, "variables": []}, must_be("variables", "JSON object")),
        ({"query": HELLO, "variables": "x"}, must_be("variables", "JSON object")),
        ({"query": HELLO, "operationName": 5}, must_be("operationName", "text")),
        ({"query": HELLO, "extensions": 5}, must_be("extensions", "JSON object")),
        ({}, missing),
        ({"query": None}, missing),
    ):
        await talk.send({"id": "1", "type": "subscribe", "payload": payload})
        error = {"message": sentence, "extensions": {"code": "BAD_INPUT"}}
        assert await talk.hear() == {"id": "1", "type": "error", "payload": [error]}
    for nothing in (None, 5, [], "x"):
        async with talking(server.port) as other:
            await other.greet()
            await other.send({"id": "1", "type": "subscribe", "payload": nothing})
            assert await other.closed() == (4400, "The payload of subscribe must be a JSON object.")


async def test_17_the_result_of_a_query_comes_as_next_and_complete(talk: Talk) -> None:
    query = "query A { a: __typename } query B($x: Boolean!) { b: __typename @include(if: $x) }"
    await talk.subscribe(query, "q", operationName="B", variables={"x": True}, extensions=None)

    assert await next_of(talk, "q") == {"data": {"b": "Query"}}
    assert await talk.hear() == {"id": "q", "type": "complete"}


async def test_18_errors_of_execution_come_in_next(shop: Shop, talk: Talk) -> None:
    (one,) = await shop.put(1)
    shop.admin[shop.database].command("collMod", "products", validationLevel="off")
    shop.products.update_one({}, {"$unset": {"price": 1}})
    await talk.subscribe(f'{{ product(id: "{one}") {{ price }} }}')

    payload = await next_of(talk)

    assert payload["data"] == {"product": None}
    assert [error["extensions"]["code"] for error in payload["errors"]] == ["INTERNAL"]
    assert (await talk.hear())["type"] == "complete"


async def test_19_a_request_that_cannot_be_executed_is_answered_with_error_alone(
    talk: Talk,
) -> None:
    for query in ("{", "{ nonsense }", "query A { a: __typename } query B { b: __typename }"):
        await talk.subscribe(query)
        message = await talk.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"] for error in message["payload"]] == [{"code": "BAD_INPUT"}]
    await talk.subscribe(HELLO)
    assert await next_of(talk) == ANSWER


async def test_20_a_subscription_sends_next_for_each_change_and_complete_at_its_end(
    shop: Shop, talk: Talk
) -> None:
    ids = await shop.put(1)
    batch = await submit(shop, plus_one(ids))
    await talk.subscribe(watch(batch))
    statuses = [(await next_of(talk))["data"]["batchProgress"]["status"]]

    await work_off(shop)
    while (message := await talk.hear())["type"] == "next":
        statuses.append(message["payload"]["data"]["batchProgress"]["status"])

    assert message == {"id": "1", "type": "complete"}
    assert (statuses[0], statuses[-1]) == ("PENDING", "COMPLETED")


async def test_21_a_client_s_complete_ends_an_operation_and_is_ignored_without_one(
    shop: Shop, talk: Talk
) -> None:
    ids = await shop.put(1)
    batch = await submit(shop, plus_one(ids))
    await talk.subscribe(watch(batch))
    await next_of(talk)

    for operation_id in ("1", "1", "never begun"):
        await talk.send({"id": operation_id, "type": "complete"})
    await work_off(shop)
    await talk.subscribe(HELLO)

    assert await next_of(talk) == ANSWER
    assert await talk.hear() == {"id": "1", "type": "complete"}


async def test_22_operations_run_side_by_side_and_end_with_the_connection(
    shop: Shop, server: Listening
) -> None:
    ids = await shop.put(1)
    batch = await submit(shop, plus_one(ids))

    def operations() -> int:
        return sum("run_operation" in repr(task) for task in asyncio.all_tasks())

    async with talking(server.port) as talk:
        await talk.greet()
        for number in range(5):
            await talk.subscribe(watch(batch), str(number))
        heard = [await talk.hear() for _ in range(5)]
        assert sorted(message["id"] for message in heard) == list("01234")
        await talk.subscribe(HELLO, "beside")
        assert await next_of(talk, "beside") == ANSWER
        assert operations() >= 5
    await until(lambda: not operations())


async def test_a_subscription_to_nothing_is_refused(talk: Talk) -> None:
    await talk.subscribe(watch(UNKNOWN_ID))

    message = await talk.hear()
    assert message["type"] == "error"
    assert [one["extensions"] for one in message["payload"]] == [{"code": "BAD_INPUT"}]
