"""A WebSocket that also copes with what Strawberry takes for granted of a client."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any, Final

from starlette.websockets import WebSocketDisconnect, WebSocketState
from starlette.websockets import WebSocketDisconnected as AlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from typing_extensions import override

from server.domain.errors import BadInput, Overloaded
from server.reading import READING_ROOM
from server.web import json_value
from server.web.body import LARGE
from server.web.connections.websocket import WebSocketConnection
from server.web.cutting import CONNECTION
from server.web.identity.authentication import account_of

TRY_AGAIN: Final = 1013  # as the registry of RFC 6455's close codes has it


class Socket(ASGIWebSocketAdapter):
    """Close on a message that is no object, and send nothing to a client that has gone.

    `fault` is what was wrong with the last message that was no object.
    """

    fault: str | None = None

    @override
    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield the messages; Strawberry would read each of them while all others wait."""
        while self.ws.application_state != WebSocketState.DISCONNECTED:
            try:
                text = await self.ws.receive_text()
            except WebSocketDisconnect:
                return
            except KeyError as error:
                raise NonTextMessageReceived from error
            try:
                yield await self._object(text)
            except Overloaded as overloaded:
                await self.close(TRY_AGAIN, str(overloaded))

    async def _object(self, text: str) -> dict[str, Any]:
        try:
            if len(text) > LARGE:
                read = partial(json_value.parse, text)
                message = await READING_ROOM.read(account_of(self.ws), read)
            else:
                message = json_value.parse(text)
        except BadInput as error:
            self.fault = f"The message {error}."
            raise NonJsonMessageReceived from error  # Strawberry closes with 4400
        if not isinstance(message, dict):
            self.fault = "The message is not a JSON object."
            raise NonJsonMessageReceived
        return message

    @override
    async def send_json(self, message: Mapping[str, object]) -> None:
        with suppress(WebSocketDisconnected, AlreadyClosed):
            await super().send_json(message)

    @override
    async def close(self, code: int, reason: str) -> None:
        with suppress(RuntimeError):  # it has been closed already, as by a message before
            await super().close(code, reason)

    def acknowledge(self) -> None:
        """Note that the connection was acknowledged: its messages may now have their full size."""
        connection = self._connection()
        if connection is not None:
            connection.acknowledge()

    def kept_open(self, changes: Callable[[], bool]) -> AbstractContextManager[None]:
        """Keep the connection open during the block, while it `changes` something."""
        connection = self._connection()
        return nullcontext() if connection is None else connection.kept_open(changes)

    def _connection(self) -> WebSocketConnection | None:
        """Return the connection itself; None in a test without sockets."""
        connection = self.ws.scope.get("state", {}).get(CONNECTION)
        return connection if isinstance(connection, WebSocketConnection) else None
