"""The protocol graphql-transport-ws: Strawberry's handler, with every message checked before it.

<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md> says what a message is, and which
code closes a connection.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from types import NoneType
from typing import Any, Final, Protocol, cast

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from typing_extensions import override

from schema import schema
from schema.context import Context
from server.domain.caller import NOBODY
from server.domain.errors import (
    IssuerUnavailable,
    Overloaded,
    RequestError,
    ServerStops,
    quoted,
)
from server.domain.place import current_place
from server.domain.refusal import BAD_INPUT, extensions_of, refusal_of
from server.domain.tracing import Tracer
from server.mongo.connection.patience import patient
from server.web.admission.admission import Admission, Newcomer, work_of
from server.web.graphql.arrival import known_cost
from server.web.graphql.request import checked
from server.web.graphql.socket import TRY_AGAIN, Socket
from server.web.identity.authentication import Authentication, account_of
from server.web.measuring import traceparent_of
from server.web.patience import NewPatience
from server.web.refusal import Refused
from server.web.requests import CLIENT_LEFT, OnAnswered, note_answer, note_code, request_at

DOOR: Final = "websocket"
LONGEST_ID: Final = 200
_INVALID, _FORBIDDEN = 4400, 4403
_LONGEST_REASON = 123  # bytes, as RFC 6455 has it
_TYPES = ("connection_init", "ping", "pong", "subscribe", "complete")


class View(Protocol):
    """A view that admits operations, knows its callers, and measures what it answers."""

    admission: Admission
    authentication: Authentication
    on_answered: OnAnswered
    new_patience: NewPatience
    tracer: Tracer


class TransportWS(BaseGraphQLTransportWSHandler[Context, None]):
    """Closes with 4400 on what is no message, and answers a faulty request with an `error`."""

    @override
    async def handle(self) -> None:
        with ExitStack() as self._watching:
            await super().handle()

    @override
    async def handle_message(self, message: Any) -> None:
        fault = _fault(message)
        if fault is None or self._is_for_strawberry(message):
            await self._handle(message)
        else:
            await self.handle_invalid_message(fault)

    def _is_for_strawberry(self, message: Mapping[str, Any]) -> bool:
        """Return whether another rule comes first: nothing is subscribed to before the greeting."""
        return message.get("type") == "subscribe" and not self.connection_acknowledged

    async def _handle(self, message: Any) -> None:
        if message.get("payload", "") is None:
            message = {name: value for name, value in message.items() if name != "payload"}
        if message["type"] == "subscribe" and self.connection_acknowledged:
            await self._subscribe(message)
        elif message["type"] == "connection_init":
            await self._greet(message)
        else:
            await super().handle_message(message)

    async def _greet(self, message: Any) -> None:
        """Acknowledge a caller that says who it is, and watch its credential from then on."""
        view, socket = cast("View", self.view), cast("Socket", self.websocket)
        try:
            caller, credential = await view.authentication.identify_socket(
                socket.ws, message.get("payload", {})
            )
        except RequestError as error:
            await self._end(error)
            return
        self.context.identify(caller, account_of(socket.ws))
        socket.acknowledge()  # first: the client may answer at once
        await super().handle_message(message)
        if self.connection_acknowledged:
            self._watching.enter_context(view.authentication.watched(credential, self._end))

    async def _end(self, error: RequestError) -> None:
        """Close the connection of a caller that may not have it, and stop its operations."""
        self.context.identify(NOBODY, "")  # for what may still come
        self.connection_acknowledged = False
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        code = TRY_AGAIN if isinstance(error, IssuerUnavailable) else _FORBIDDEN
        await self.websocket.close(code=code, reason=_cut(str(error)))

    async def _subscribe(self, message: Any) -> None:
        """Begin an operation, or answer with what is wrong with it. An id in use comes first."""
        if message["id"] not in self.operations:
            try:
                checked(message["payload"])
            except Refused as refused:
                with request_at(DOOR, cast("View", self.view).on_answered):
                    await self._answer_with(refused, message["id"])
                return
        message["payload"].setdefault("query", "")  # Strawberry says that it is missing
        await super().handle_message(message)

    async def _answer_with(self, refused: Refused, operation_id: str) -> None:
        error = {"message": str(refused), "extensions": extensions_of(refused.refusal)}
        await self.send_message({"id": operation_id, "type": "error", "payload": [error]})

    @override
    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Run the operation, measure it until its first message, and trace it to its end."""
        view, socket = cast("View", self.view), cast("Socket", self.websocket)

        def changes() -> bool:
            """Return whether it may be a mutation that is not answered."""
            known = schema.operations.known(operation.query, operation.operation_name)
            return not request.is_answered if known is None else known.changes

        with (
            view.tracer.request(DOOR, traceparent_of(socket.ws.scope)) as note_on_span,
            request_at(DOOR, view.on_answered) as request,
            socket.kept_open(changes),
            patient(view.new_patience()),
        ):
            try:
                await self._run_admitted(operation)
                if not operation.completed:  # Strawberry has closed the connection instead
                    note_code(BAD_INPUT)
            except asyncio.CancelledError:
                note_code(CLIENT_LEFT)
                raise
            finally:
                note_on_span(request.code)

    @override
    async def send_message(self, message: Any) -> None:
        place = current_place()
        if place is not None:
            place.pause()  # the work is done: a reader may be slow
        await super().send_message(message)
        match message["type"]:
            case "next":
                note_answer(message["payload"].get("errors"))
            case "error":
                note_answer(message["payload"])

    async def _run_admitted(self, operation: Operation[Context, None]) -> None:
        """Run the operation when its turn comes. A subscription has its turn at each event."""
        view, socket = cast("View", self.view), cast("Socket", self.websocket)
        known = schema.operations.known(operation.query, operation.operation_name)
        newcomer = Newcomer(
            caller=account_of(socket.ws),
            work=work_of(len(operation.query or "")),  # Strawberry says that it is missing
            cost=known_cost(known, operation.variables, self.context),
        )
        try:
            view.admission.require_hope(newcomer.caller)
            async with view.admission.admitted(newcomer):
                await super().run_operation(operation)
        except (Overloaded, ServerStops) as error:
            refusal = refusal_of(error, "")
            await operation.send_initial_errors(
                [GraphQLError(refusal.message, extensions=extensions_of(refusal))]
            )

    @override
    async def handle_invalid_message(self, error_message: str) -> None:
        error_message = cast("Socket", self.websocket).fault or error_message
        await self.websocket.close(code=_INVALID, reason=_cut(error_message))


def _cut(reason: str) -> str:
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


def _fault(message: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the envelope of a message; None if nothing is."""
    kind = message.get("type")
    if kind not in _TYPES:
        shown = quoted(kind) if isinstance(kind, str) else "none"
        return f"The type of a message is one of {', '.join(_TYPES)}, not {shown}."
    if kind in ("subscribe", "complete"):
        operation_id = message.get("id")
        if not isinstance(operation_id, str) or not 1 <= len(operation_id) <= LONGEST_ID:
            return f"The id of {kind} must be a text of 1 to {LONGEST_ID} characters."
    if kind == "subscribe" and not isinstance(message.get("payload"), dict):
        return "The payload of subscribe must be a JSON object."
    if not isinstance(message.get("payload"), (dict, NoneType)) and kind != "complete":
        return f"The payload of {kind} must be a JSON object, or left out."
    return None
