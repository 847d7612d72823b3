"""What a peer may send over a WebSocket, and how fast."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from server.web.connections.limits import UNACKNOWLEDGED_BYTES
from server.web.connections.websocket import MOST_FRAMES
from server.web.graphql.view import OPERATIONS_PER_SOCKET
from tests.support.batches.batch_work import plus_one, submit
from tests.support.shop import Shop
from tests.support.waiting import until
from tests.support.web.doors import app_of
from tests.support.web.listening import LARGEST_MESSAGE, Listening, listening
from tests.support.web.talking import talking

pytestmark = pytest.mark.either_driver

QUICK = {"header_seconds": 0.3, "transfer_seconds": 0.3}
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)


@pytest.fixture
async def server(shop: Shop) -> AsyncIterator[Listening]:
    async with listening(app_of(shop), **QUICK) as opened:
        yield opened


def init(size: int) -> str:
    return json.dumps({"type": "connection_init", "payload": {"x": "x" * size}})


async def test_a_message_before_the_acknowledgement_is_small(server: Listening) -> None:
    async with talking(server.port) as talk:
        await talk.send(init(UNACKNOWLEDGED_BYTES))
        assert (await talk.closed())[0] == 1009
    async with talking(server.port) as talk:
        await talk.send(init(UNACKNOWLEDGED_BYTES - 100))
        assert await talk.hear() == {"type": "connection_ack"}


async def test_a_message_after_it_is_as_large_as_a_body_over_http(server: Listening) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe("{ __typename } #" + "x" * (LARGEST_MESSAGE - 200))
        assert (await talk.hear())["type"] == "next"
        assert (await talk.hear())["type"] == "complete"
        await talk.subscribe("{ __typename } #" + "x" * LARGEST_MESSAGE)
        assert (await talk.closed())[0] == 1009


async def test_fragments_are_counted_together(server: Listening) -> None:
    async with talking(server.port) as talk:
        await talk.socket.send(["x" * 1000] * 20)
        assert (await talk.closed())[0] == 1009


async def test_all_that_comes_before_the_acknowledgement_counts_together(
    server: Listening,
) -> None:
    """Empty pings and empty frames have no bytes in them, and cost time all the same."""
    ping, begun, empty = b"\x89\x80aaaa", b"\x01\x81aaaa\x1a", b"\x00\x80aaaa"
    for sent in (ping * 5_000, begun + empty * 5_000):
        peer = await server.peer()
        await peer.send(HANDSHAKE)
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(sent)
        assert b"\x03\xf1" in await peer.all()  # 1009
        hasty = await server.peer()
        await hasty.send(HANDSHAKE + sent)
        await hasty.all()


async def test_a_peer_that_goes_on_sending_can_read_why_its_connection_was_closed(
    server: Listening,
) -> None:
    peer = await server.peer()
    await peer.send(HANDSHAKE)
    await peer.reader.readuntil(b"\r\n\r\n")

    for _ in range(3):  # a reset would end the second or third
        await peer.send(b"\x81\xff" + (600_000).to_bytes(8, "big") + b"aaaa" + b"x" * 600_000)
        await asyncio.sleep(0.05)

    assert b"\x03\xf1" in await peer.all()  # 1009


async def test_a_message_has_a_thousand_frames_at_most(server: Listening) -> None:
    async with talking(server.port) as talk:
        await talk.greet()
        query = json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{__typename}"}})
        await talk.socket.send([query, *[""] * (MOST_FRAMES - 10)])
        assert (await talk.hear())["type"] == "next"
        assert (await talk.hear())["type"] == "complete"
        with suppress(ConnectionClosed):
            await talk.socket.send(["{", *[""] * (MOST_FRAMES + 100)])
        assert (await talk.closed())[0] == 1009


async def test_a_text_that_is_not_utf_8_closes_and_is_no_error_of_the_server(
    server: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    for pieces in (b'{"type": "\xff"}', [b'{"type": "\xf0\x9f', b'"}']):
        async with talking(server.port) as talk:
            await talk.socket.send(pieces, text=True)
            assert await talk.closed() == (1007, "The message is not UTF-8.")

    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]


async def test_a_letter_may_be_cut_by_a_fragment(server: Listening) -> None:
    async with talking(server.port) as talk:
        await talk.socket.send(
            [b'{"type": "connection_init", "payload": {"x": "\xc3', b'\xa9"}}'], text=True
        )
        assert await talk.hear() == {"type": "connection_ack"}


async def test_nothing_is_compressed(server: Listening) -> None:
    async with talking(server.port, compression="deflate") as talk:
        assert talk.socket.protocol.extensions == []


async def test_a_message_of_which_the_end_does_not_come_is_not_waited_for(
    server: Listening,
) -> None:
    peer = await server.peer()
    await peer.send(HANDSHAKE)
    await peer.reader.readuntil(b"\r\n\r\n")

    await peer.send(b"\x81\xfe\x10\x00" + b"mask" + b"x" * 100)

    assert b"in time" in await peer.all()


async def test_a_peer_that_does_not_read_is_cut_off(shop: Shop, server: Listening) -> None:
    peer = await server.peer()
    await peer.send(HANDSHAKE)
    await peer.reader.readuntil(b"\r\n\r\n")
    peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
    ping = json.dumps({"type": "ping"}).encode()
    frame = bytes([0x81, 0x80 | len(ping)]) + bytes(4) + ping
    connections = server.guard._connections
    await until(lambda: connections)

    async def ping_for_ever() -> None:
        while True:
            await peer.send(frame * 1000)

    pinging = asyncio.create_task(ping_for_ever())
    await until(lambda: not connections)
    pinging.cancel()
    await asyncio.wait([pinging])


async def test_a_subscription_that_is_silent_for_long_goes_on(
    shop: Shop, server: Listening
) -> None:
    batch = await submit(shop, plus_one(await shop.put(1)))
    async with talking(server.port) as talk:
        await talk.greet()
        await talk.subscribe(f'subscription {{ batchProgress(id: "{batch}") {{ status }} }}')
        await talk.hear()
        await asyncio.sleep(1)  # three times the deadlines
        await talk.send({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}


async def test_one_connection_has_so_many_operations_at_a_time(
    shop: Shop, server: Listening
) -> None:
    batch = await submit(shop, plus_one(await shop.put(1)))
    query = f'subscription {{ batchProgress(id: "{batch}") {{ status }} }}'
    async with talking(server.port) as talk:
        await talk.greet()
        for number in range(OPERATIONS_PER_SOCKET + 1):
            await talk.subscribe(query, str(number))
        heard = [await talk.hear() for _ in range(OPERATIONS_PER_SOCKET + 1)]

    refused = [message for message in heard if message["type"] == "error"]
    assert [message["id"] for message in refused] == [str(OPERATIONS_PER_SOCKET)]
    assert [error["message"] for error in refused[0]["payload"]] == ["Subscription limit reached"]


async def test_incomplete_messages_have_a_budget_in_all(shop: Shop) -> None:
    async with listening(app_of(shop), bytes_in_flight=100_000) as server:
        peers = []
        for _ in range(2):
            peer = await server.peer()
            await peer.send(HANDSHAKE)
            await peer.reader.readuntil(b"\r\n\r\n")
            greeting = json.dumps({"type": "connection_init"}).encode()
            await peer.send(bytes([0x81, 0x80 | len(greeting)]) + bytes(4) + greeting)
            await peer.reader.readuntil(b"connection_ack")
            peers.append(peer)
        for peer in peers:
            size = (90_000).to_bytes(8, "big")
            await peer.send(b"\x81\xff" + size + bytes(4) + b"x" * 60_000)

        assert b"try again later" in await peers[1].all()
        assert server.guard.flight.received <= 61_000
        peers[0].writer.transport.abort()
        await until(lambda: server.guard.flight.received == 0)
