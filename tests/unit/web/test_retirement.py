"""Connections of a server that stops end with an answer, never in the middle of a request."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.support.waiting import until
from tests.support.web.listening import Listening, Peer, listening

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()

    async def answer(self, _request: Request) -> Response:
        self.begun += 1
        await self.may_end.wait()
        return PlainTextResponse("done")


async def head_of(peer: Peer) -> bytes:
    head = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), 10)
    await peer.reader.readexactly(4)
    return head


def stop(server: Listening) -> None:
    server.uvicorn.should_exit = True


@pytest.mark.parametrize("has_begun", [False, True])
async def test_an_answer_says_that_the_connection_ends(has_begun: bool) -> None:
    slow = Slow()
    async with listening(Starlette(routes=[Route("/", slow.answer)])) as server:
        peer = await server.peer()
        if has_begun:
            await peer.send(GET)
            await until(lambda: slow.begun == 1)
            server.guard.retire()
        else:
            slow.may_end.set()
            await peer.send(GET)
            assert b"connection: close" not in await head_of(peer)
            server.guard.retire()
            await peer.send(GET)
        slow.may_end.set()

        answer = await peer.all()

    assert b"connection: close" in answer
    assert answer.endswith(b"done")


async def test_a_new_connection_is_still_served_while_others_retire() -> None:
    slow = Slow()
    slow.may_end.set()
    async with listening(Starlette(routes=[Route("/", slow.answer)])) as server:
        server.guard.retire()

        answer = await server.answer(GET)

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer


async def test_a_request_whose_head_is_half_there_is_answered_at_the_end() -> None:
    slow = Slow()
    slow.may_end.set()
    async with listening(Starlette(routes=[Route("/", slow.answer)])) as server:
        peer, idle = await server.peer(), await server.peer()
        await peer.send(GET[:20])
        await idle.send(GET)
        await head_of(idle)
        server.guard.retire()

        stop(server)
        assert await idle.all() == b""
        await peer.send(GET[20:])
        answer = await peer.all()

    assert answer.endswith(b"done")
