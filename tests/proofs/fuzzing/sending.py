"""Sends requests one by one, waits while the server is overloaded, and judges the answers."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from websockets.exceptions import InvalidHandshake, InvalidStatus

from tests.proofs.fuzzing import verdict
from tests.proofs.fuzzing.http import HttpClient
from tests.proofs.fuzzing.mutants import Attempt
from tests.proofs.fuzzing.verdict import Verdict
from tests.proofs.fuzzing.websocket import Closed, WebSocketClient
from tests.proofs.fuzzing.wishes import Material
from tests.support.web.doors import Door

ANSWER_SECONDS = 10
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a request was taken, None without an answer; what was wrong; how long it took."""

    taken: bool | None
    fault: str | None
    seconds: float


class Sender:
    """A client with a connection for HTTP and one for WebSocket."""

    def __init__(self, port: int, material: Material) -> None:
        self._material = material
        self._http = HttpClient(port)
        self._websocket = WebSocketClient(port)

    async def outcome(self, made: Attempt) -> Outcome:
        """Send a request until it is not refused for overload, and return what came of it."""
        ask = self._over_websocket if made.door is Door.WEBSOCKET else self._over_http
        for _ in range(_TRIES):
            began = time.monotonic()
            judged, wait = await self._in_time(ask, made)
            seconds = time.monotonic() - began
            if wait is None:
                break
            await asyncio.sleep(wait)
        if made.hangs_up and judged.fault is None:
            return Outcome(None, None, 0.0)
        return Outcome(judged.taken, judged.fault, seconds)

    async def close(self) -> None:
        """Close both connections."""
        self._http.close()
        await self._websocket.close()

    async def _in_time(
        self, ask: Callable[[Attempt], Awaitable[tuple[Verdict, float | None]]], made: Attempt
    ) -> tuple[Verdict, float | None]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await ask(made)
        except TimeoutError:
            fault = f"no answer within {ANSWER_SECONDS} s"
        except (OSError, asyncio.IncompleteReadError, InvalidHandshake) as error:
            fault = f"the connection broke: {error!r}"
        await self.close()
        return Verdict(False, fault), None

    async def _over_http(self, made: Attempt) -> tuple[Verdict, float | None]:
        if made.hangs_up:
            await self._http.hang_up(made.sent)
            return Verdict(False), None
        answer = await self._http.ask(made.sent)
        if answer.status == 201:
            self._material.submitted.append((json.loads(answer.body)["batchId"], str(made)))
        return verdict.of_http(made.door, made.sent, answer), verdict.retry_after(answer)

    async def _over_websocket(self, made: Attempt) -> tuple[Verdict, float | None]:
        try:
            heard = await self._websocket.ask(made.sent.body, Random(made.number))
        except Closed as closed:
            return verdict.of_close(closed), None
        except InvalidStatus as error:
            status = error.response.status_code
            return Verdict(False, None if status == 503 else f"handshake refused: {status}"), 1.0
        return verdict.of_messages(heard), verdict.retry_after_messages(heard)
