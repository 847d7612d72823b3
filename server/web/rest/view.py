"""Everything below `/api`."""

import asyncio
import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from server.domain.batch_progress import BatchProgress
from server.domain.product import canonical_id
from server.web.refusal import METHODS, not_found, unavailable, wrong_method
from server.web.rest.download import download
from server.web.rest.error_answer import error_answer
from server.web.rest.kind import BY_PATH
from server.web.rest.poll import poll
from server.web.rest.services import RestServices
from server.web.rest.submission import submit

_STOPPING = (
    "The server stops. With an Idempotency-Key the request can be sent again without doing "
    "anything twice."
)
_OPERATIONS = f"POST /api/batches/ with one of {', '.join(BY_PATH)}"

log = logging.getLogger(__name__)


class Rest:
    """The routes of `/api`; an error is a JSON object, `{"error": {"code", "message", …}}`."""

    def __init__(self, services: RestServices, *, max_request_bytes: int) -> None:
        self._services = services
        self._max_request_bytes = max_request_bytes
        self._router = Router(
            [
                Route("/batches", self._batches, methods=METHODS),
                Route("/batches/{name}", self._batch, methods=METHODS),
                Route("/batches/{name}/results", self._results, methods=METHODS),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = False

        async def noted(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._router(scope, receive, noted)
        except ClientDisconnect:
            return  # it hung up before it had sent or read everything
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            if answering:
                raise
            await error_answer(unavailable(_STOPPING))(scope, receive, send)
        except Exception as error:
            if answering:  # the connection is cut, so that nobody takes it for the whole answer
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
            _require(request, "POST")
            limit = self._max_request_bytes
            return await submit(request, kind, self._services.submissions, max_request_bytes=limit)
        if request.method == "POST" and canonical_id(name) is None:
            raise not_found(f"There is no such operation: {_OPERATIONS}.")
        _require(request, "GET", "HEAD")
        return await poll(request, await self._found(name), self._services)

    async def _results(self, request: Request) -> Response:
        _require(request, "GET", "HEAD")
        batch = await self._found(request.path_params["name"])
        return await download(request, batch, self._services.results)

    async def _found(self, name: str) -> BatchProgress:
        batch_id = canonical_id(name)
        batch = await self._services.batches.by_id(batch_id) if batch_id else None
        if batch is None:
            raise not_found("There is no such batch.")
        return batch


def _require(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise wrong_method(request.method, *methods)
