"""The routes below `/api`, and the form of their errors: `{"error": {"code", "message", …}}`."""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from server.batches.stored.submissions import Submissions
from server.domain.batch_progress import BatchProgress
from server.domain.caller import Role
from server.domain.product import canonical_id
from server.domain.refusal import STOPPING
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.results import BatchResults
from server.web.admission.admission import REQUEST_WORK, Admission, Newcomer
from server.web.admission.leaving import left, unless_left
from server.web.identity.authentication import Authentication, account_of, caller_of
from server.web.json_value import json_answer
from server.web.refusal import METHODS, Refused, named, not_found, require_method, to_refused
from server.web.requests import CLIENT_LEFT, note_code
from server.web.rest.download import BLOCK_WORK, download
from server.web.rest.kind import BY_PATH
from server.web.rest.poll import poll
from server.web.rest.rows import StreamLimits
from server.web.rest.submission import submit

_STOPPING = replace(STOPPING, retry_after_seconds=1)
_OPERATIONS = f"POST /api/batches/ with one of {', '.join(BY_PATH)}"

log = logging.getLogger(__name__)


class RestServices(Protocol):
    """What the routes can reach; the `Services` of the GraphQL resolvers are these as well."""

    @property
    def submissions(self) -> Submissions: ...
    @property
    def batches(self) -> BatchReads: ...
    @property
    def results(self) -> BatchResults: ...


class Rest:
    """The routes of `/api`."""

    def __init__(
        self,
        services: RestServices,
        *,
        max_request_bytes: int,
        stream_limits: StreamLimits | None = None,
        admission: Admission | None = None,
        authentication: Authentication | None = None,
    ) -> None:
        self._services = services
        self._admission = admission or Admission()
        self._authentication = authentication or Authentication()
        self._max_request_bytes = max_request_bytes
        self._stream_limits = stream_limits or StreamLimits()
        self._router = Router(
            [
                Route("/batches", self._batches, methods=METHODS),
                Route("/batches/{name}", self._batch, methods=METHODS),
                Route("/batches/{name}/results", self._results, methods=METHODS),
            ],
            redirect_slashes=False,
        )
        self.routes = self._router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = False

        async def noted(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            caller = await self._authentication.identify(HTTPConnection(scope))
            caller.require(Role.OPERATOR)
            await self._router(scope, receive, noted)
        except ClientDisconnect:
            note_code(CLIENT_LEFT)  # it had not sent or read everything
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            if answering:
                raise
            await error_answer(Refused(_STOPPING))(scope, receive, send)
        except Exception as error:
            if answering:  # cutting the connection shows that the answer is not whole
                log.warning("An answer of %s ended early: %s", scope["path"], error)
                raise
            await error_answer(error)(scope, receive, send)

    async def _batches(self, _request: Request) -> Response:
        raise not_found(
            f"There is nothing here. {_OPERATIONS} submits a batch, GET /api/batches/{{id}} tells "
            "how far it is; GraphQL's batchOperations lists all."
        )

    async def _batch(self, request: Request) -> Response:
        name = request.path_params["name"]
        kind = BY_PATH.get(name)
        if kind is not None:
            require_method(request.method, "POST")
            self._admission.require_hope(account_of(request))
            return await submit(
                request,
                kind,
                self._services.submissions,
                max_request_bytes=self._max_request_bytes,
                stream_limits=self._stream_limits,
                admission=self._admission,
            )
        if request.method == "POST" and canonical_id(name) is None:
            raise not_found(f"There is no such operation: {_OPERATIONS}.")
        require_method(request.method, "GET", "HEAD")
        self._admission.require_hope(account_of(request))
        async with self._admission.admitted(self._reader(request)):
            return await unless_left(request, self._polled(request, name))

    async def _polled(self, request: Request, name: str) -> Response:
        return await poll(request, await self._found(request, name), self._services.results)

    async def _results(self, request: Request) -> Response:
        require_method(request.method, "GET", "HEAD")
        self._admission.require_hope(account_of(request))
        async with self._admission.admitted(self._reader(request, BLOCK_WORK)) as place:
            batch = await self._found(request, request.path_params["name"])
        return await download(request, batch, self._services.results, place)

    def _reader(self, request: Request, cost: int = 0) -> Newcomer:
        return Newcomer(
            caller=account_of(request), work=REQUEST_WORK, cost=cost, left=partial(left, request)
        )

    async def _found(self, request: Request, name: str) -> BatchProgress:
        """Return a batch that the caller sees: one that is not its own is like one that is not."""
        batch_id, seen = canonical_id(name), caller_of(request).sees_batches_of
        batch = await self._services.batches.by_id(batch_id, seen) if batch_id else None
        if batch is None:
            raise not_found("There is no such batch.")
        return batch


def error_answer(error: Exception) -> Response:
    """Return what the caller sees in place of `error`."""
    refused = to_refused(error)
    refusal = refused.refusal
    note_code(refusal.code)
    fields: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refused.reasons:
        fields["reasons"] = list(refused.reasons)
    fields |= named(refusal)
    return json_answer({"error": fields}, refused.status, refused.headers)
