"""Publish prices: what is sent, how often, and what is made of the answers."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from server.domain.item_result import Publication
from server.domain.stored_batch import Lease
from server.jobs.publisher import Publisher, http_client
from server.kinds.update_price.rules import Priced
from server.mongo.batches.publications import Outbox

URL = "http://receiver.example/prices"
BATCH = "a" * 24
CLAIM = "of this claim"
OK = httpx.Response(200, json={"txId": "0x1"})

Handler = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class Outboxes:
    """An outbox of that many prices, which `Publications` would hand out and take back."""

    lease_seconds = 20.0

    def __init__(self, size: int = 1, *, is_lost: bool = False) -> None:
        self.recorded: list[Publication] = []
        self.given_back = 0
        self._is_lost = is_lost
        self._waiting = [
            Outbox(lease=Lease(batch_id=BATCH, index=3, token=CLAIM), outcomes=_prices(size))
        ]

    async def claim(self) -> Outbox | None:
        return self._waiting.pop() if self._waiting else None

    async def renew(self, _lease: Lease) -> bool:
        return True

    async def record(self, _lease: Lease, publications: Sequence[Publication]) -> bool:
        if not self._is_lost:
            self.recorded += publications
        return not self._is_lost

    async def give_back(self, _lease: Lease) -> None:
        self.given_back += 1


class Receiver:
    """A receiver that answers what `answer` says, and remembers what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Streamed(httpx.AsyncBaseTransport):
    """Answers piece by piece, as a real receiver does; `read` counts the bytes that were taken."""

    def __init__(self, receiver: Handler) -> None:
        self._receiver = receiver

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer = self._receiver(request)
        found = await answer if isinstance(answer, Awaitable) else answer
        if isinstance(found.stream, Endless):
            return httpx.Response(200, headers=found.headers, stream=found.stream)
        return httpx.Response(
            found.status_code, headers=found.headers, stream=httpx.ByteStream(found.content)
        )


class Endless(httpx.AsyncByteStream):
    """An answer that does not end; it counts what was taken of it."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 10_000
            yield b"x" * 10_000


@pytest.fixture
async def publishing() -> AsyncIterator[Callable[..., Publisher]]:
    """Give a function that makes publishers, which do not wait between tries."""
    clients = []

    def make(outboxes: Any, receiver: Handler) -> Publisher:
        clients.append(httpx.AsyncClient(transport=Streamed(receiver)))
        return Publisher(outboxes, URL, clients[-1], longest_wait_seconds=0)

    yield make
    for client in clients:
        await client.aclose()


async def test_a_price_is_posted_with_a_key_of_its_own(publishing: Any) -> None:
    outboxes, receiver = Outboxes(2), Receiver(OK)

    assert await publishing(outboxes, receiver).run_once()

    assert [(one.method, str(one.url)) for one in receiver.requests] == [("POST", URL)] * 2
    assert [json.loads(one.content) for one in receiver.requests] == [
        {"batchId": BATCH, "index": index, "productId": "f" * 24, "newPrice": 1500}
        for index in (0, 1)
    ]
    keys = [one.headers["Idempotency-Key"] for one in receiver.requests]
    assert keys == [f"{BATCH}-0", f"{BATCH}-1"]
    assert outboxes.recorded == [Publication(index=index, tx_id="0x1") for index in (0, 1)]
    assert outboxes.given_back == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_status_that_may_pass_is_tried_three_times(publishing: Any, status: int) -> None:
    outboxes, receiver = Outboxes(), Receiver(httpx.Response(status))

    await publishing(outboxes, receiver).run_once()

    assert len(receiver.requests) == 3
    assert len({one.headers["Idempotency-Key"] for one in receiver.requests}) == 1
    assert outboxes.recorded == [Publication(index=0, error=f"The receiver answered {status}.")]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 422, 501])
async def test_a_status_that_stays_is_tried_once(publishing: Any, status: int) -> None:
    outboxes, receiver = Outboxes(), Receiver(httpx.Response(status))

    await publishing(outboxes, receiver).run_once()

    assert len(receiver.requests) == 1
    assert outboxes.recorded == [Publication(index=0, error=f"The receiver answered {status}.")]


UNREACHED = "The receiver could not be reached."  # and not the words of the operating system


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (httpx.ReadTimeout("slow"), "The receiver did not answer within 5 s."),
        (httpx.ConnectError("[Errno 111] refused"), UNREACHED),
        (httpx.RemoteProtocolError(""), UNREACHED),
    ],
)
async def test_a_receiver_that_is_not_reached_is_tried_three_times(
    publishing: Any, error: httpx.HTTPError, told: str
) -> None:
    outboxes, receiver = Outboxes(), Receiver(error)

    await publishing(outboxes, receiver).run_once()

    assert len(receiver.requests) == 3
    assert outboxes.recorded == [Publication(index=0, error=told)]


@pytest.mark.parametrize(
    "first", [httpx.Response(503), httpx.ConnectTimeout("slow"), httpx.ReadError("broken")]
)
async def test_a_try_that_succeeds_is_the_last(
    publishing: Any, first: httpx.Response | Exception
) -> None:
    outboxes, receiver = Outboxes(), Receiver(first, OK, httpx.Response(500))

    await publishing(outboxes, receiver).run_once()

    assert len(receiver.requests) == 2
    assert outboxes.recorded == [Publication(index=0, tx_id="0x1")]


ANSWERS = {
    "empty": b"",
    "no JSON": b"<html>",
    "no object": b"[1]",
    "no txId": b"{}",
    "no text": b'{"txId": 5}',
    "no UTF-8": b'{"txId": "\xff"}',
    "too deep": b"[" * 100_000,
    "no Unicode": b'{"txId": "\\ud800"}',
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_without_a_readable_id_is_a_publication_too(
    publishing: Any, kind: str
) -> None:
    outboxes, receiver = Outboxes(), Receiver(httpx.Response(200, content=ANSWERS[kind]))

    await publishing(outboxes, receiver).run_once()

    assert len(receiver.requests) == 1
    assert outboxes.recorded == [Publication(index=0)]


async def test_ten_are_sent_at_a_time(publishing: Any) -> None:
    outboxes, under_way, most, all_here = Outboxes(25), 0, 0, asyncio.Condition()

    async def receive(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        async with all_here:
            under_way += 1
            most = max(most, under_way)
            all_here.notify_all()
            await all_here.wait_for(lambda: most == 10)
        await asyncio.sleep(0)
        under_way -= 1
        return OK

    async with asyncio.timeout(10):
        await publishing(outboxes, receive).run_once()

    assert most == 10
    assert [one.index for one in outboxes.recorded] == list(range(25))


async def test_once_the_outbox_is_somebody_elses_no_more_is_sent(
    publishing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    outboxes, receiver = Outboxes(25, is_lost=True), Receiver(OK)

    assert await publishing(outboxes, receiver).run_once()

    assert len(receiver.requests) == 10
    assert outboxes.given_back == 0
    assert caplog.messages == ["Lost the lease of an outbox"]


async def test_what_is_not_begun_when_it_stops_is_handed_back(publishing: Any) -> None:
    outboxes, receiver = Outboxes(25), Receiver(OK)
    publisher = publishing(outboxes, lambda request: publisher.stop() or receiver(request))

    assert await publisher.run_once()

    assert [one.index for one in outboxes.recorded] == list(range(10))
    assert len(receiver.requests) == 10
    assert outboxes.given_back == 1


async def test_nothing_to_publish_is_told(publishing: Any) -> None:
    outboxes, receiver = Outboxes(), Receiver(OK)
    publisher = publishing(outboxes, receiver)

    assert [await publisher.run_once() for _ in range(2)] == [True, False]
    assert len(receiver.requests) == 1


async def test_a_failure_is_logged_with_what_it_is_about(
    publishing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await publishing(Outboxes(), Receiver(httpx.Response(404))).run_once()

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message == "An item could not be published: The receiver answered 404."
    fields = vars(record)
    assert (fields["batch_id"], fields["chunk"], fields["index"]) == (BATCH, 3, 0)


async def test_an_answer_is_waited_for_five_seconds() -> None:
    async with http_client() as client:
        assert client.timeout == httpx.Timeout(5)


def _prices(size: int) -> list[Priced]:
    return [
        Priced(index=index, product_id="F" * 24, key="f" * 24, price=1500) for index in range(size)
    ]


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
async def test_an_answer_is_read_to_64_kb_and_not_decompressed(
    publishing: Any, headers: dict[str, str]
) -> None:
    endless = Endless()
    outboxes, receiver = Outboxes(1), Receiver(httpx.Response(200, headers=headers, stream=endless))

    assert await publishing(outboxes, receiver).run_once()

    assert [(one.tx_id, one.error) for one in outboxes.recorded] == [(None, None)]
    assert endless.taken <= 100_000
    assert receiver.requests[0].headers["accept-encoding"] == "identity"
