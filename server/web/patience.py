"""Middleware that limits how long a request waits for a database that does not answer."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from server.mongo.connection.patience import Patience, patient

NewPatience = Callable[[], Patience | None]


def endless() -> None:
    """Return the patience of somebody who waits until the driver gives up."""


class Patient:
    """Gives each HTTP request a patience of its own; the operations of a WebSocket have theirs."""

    def __init__(self, app: ASGIApp, new_patience: NewPatience) -> None:
        self._app = app
        self._new_patience = new_patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with patient(self._new_patience() if scope["type"] == "http" else None):
            await self._app(scope, receive, send)
