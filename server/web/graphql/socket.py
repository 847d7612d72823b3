"""A WebSocket that also copes with what Strawberry takes for granted of a client."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from json import JSONDecodeError

from starlette.websockets import WebSocketDisconnected as AlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from typing_extensions import override

from server.web.connections.websocket import CONNECTION, WebSocketConnection


class Socket(ASGIWebSocketAdapter):
    """Close on a message that is no object, and send nothing to a client that has gone.

    `fault` is what was wrong with the last message that was no object.
    """

    fault: str | None = None

    @override
    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        messages = super().iter_json(ignore_parsing_errors=ignore_parsing_errors)
        try:
            async for message in messages:
                yield self._object(message)
        except NonJsonMessageReceived as error:
            if isinstance(error.__cause__, JSONDecodeError):
                self.fault = f"The message {error.__cause__.msg}."
            raise

    def _object(self, message: object) -> object:
        if not isinstance(message, dict):
            self.fault = "The message is not a JSON object."
            raise NonJsonMessageReceived  # Strawberry closes with 4400
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
        connection = self.ws.scope.get("state", {}).get(CONNECTION)
        if isinstance(connection, WebSocketConnection):
            connection.acknowledge()
