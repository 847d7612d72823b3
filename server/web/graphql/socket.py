"""A WebSocket that also copes with what Strawberry takes for granted of a client."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress

from starlette.websockets import WebSocketDisconnected as AlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from typing_extensions import override


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
