"""A WebSocket that also copes with what Strawberry takes for granted of a client."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress

from starlette.websockets import WebSocketDisconnected as AlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from typing_extensions import override

from server.web.connections.websocket import CONNECTION, WebSocketConnection


class Socket(ASGIWebSocketAdapter):
    """Close on a message that is no object, and send nothing to a client that has gone."""

    @override
    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not isinstance(message, dict):
                raise NonJsonMessageReceived  # Strawberry closes with 4400
            yield message

    @override
    async def send_json(self, message: Mapping[str, object]) -> None:
        with suppress(WebSocketDisconnected, AlreadyClosed):
            await super().send_json(message)

    @override
    async def close(self, code: int, reason: str) -> None:
        with suppress(RuntimeError):  # it has been closed already, as by a message before
            await super().close(code, reason)

    def acknowledge(self) -> None:
        """Take messages of full size from now on, where the server limits them before."""
        connection = self.ws.scope.get("state", {}).get(CONNECTION)
        if isinstance(connection, WebSocketConnection):
            connection.acknowledge()
