"""The routes below `/api`."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from server.batches.idempotency.key import request_key
from server.batches.stored.control import BatchControl
from server.batches.stored.submissions import Submissions
from server.domain.batch_progress import BatchProgress
from server.domain.caller import Role
from server.domain.place import Place
from server.domain.product import canonical_id
from server.domain.refusal import answered_with
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.ledger_reads import LedgerReads
from server.mongo.batches.results import BatchResults
from server.mongo.products.product_reads import ProductReads
from server.mongo.sent_files import SentFiles
from server.web.admission.admission import REQUEST_WORK, Admission, Newcomer
from server.web.admission.leaving import left, unless_left
from server.web.any_method import AnyMethod
from server.web.identity.authentication import Authentication, account_of, caller_of
from server.web.key import key_headers
from server.web.refusal import not_found, require_method
from server.web.rest.batches import cancel_batch, list_batches, require_nothing, retry_batch
from server.web.rest.download import BLOCK_WORK, download
from server.web.rest.exports.export import ExportServices, export_products, export_stock_updates
from server.web.rest.kind import BY_PATH
from server.web.rest.poll import poll
from server.web.rest.rows import StreamLimits
from server.web.rest.submission import submit

_OPERATIONS = f"POST /api/batches/ with one of {', '.join(BY_PATH)}"

Read = Callable[[], Coroutine[Any, Any, Response]]
Export = Callable[[Request, ExportServices, Place], Coroutine[Any, Any, Response]]
Change = Callable[[Request, BatchProgress, BatchControl], Coroutine[Any, Any, Response]]


class RestServices(Protocol):
    """What the routes can reach; the `Services` of the GraphQL resolvers are these as well."""

    @property
    def submissions(self) -> Submissions: ...
    @property
    def control(self) -> BatchControl: ...
    @property
    def batches(self) -> BatchReads: ...
    @property
    def results(self) -> BatchResults: ...
    @property
    def products(self) -> ProductReads: ...
    @property
    def ledger(self) -> LedgerReads: ...
    @property
    def sent_files(self) -> SentFiles: ...


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
                AnyMethod("/batches", self._batches),
                AnyMethod("/batches/{name}", self._batch),
                AnyMethod("/batches/{name}/results", self._results),
                AnyMethod("/batches/{name}/cancel", self._cancel),
                AnyMethod("/batches/{name}/retry", self._retry),
                AnyMethod("/products", self._products),
                AnyMethod("/stock-updates", self._stock_updates),
            ],
            redirect_slashes=False,
        )
        self.routes = self._router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._authentication.identify(HTTPConnection(scope))
        await self._router(scope, receive, send)

    async def _batches(self, request: Request) -> Response:
        caller_of(request).require(Role.OPERATOR)
        if request.method == "POST":
            raise not_found(f"There is nothing to submit here: {_OPERATIONS}.")
        require_method(request.method, "GET", "HEAD")
        return await self._read(request, lambda: list_batches(request, self._services.batches))

    async def _batch(self, request: Request) -> Response:
        caller_of(request).require(Role.OPERATOR)
        name = request.path_params["name"]
        kind = BY_PATH.get(name)
        if kind is not None:
            require_method(request.method, "POST")
            self._admission.require_hope(account_of(request))
            return await submit(
                request,
                kind,
                self._services.submissions,
                self._services.sent_files,
                max_request_bytes=self._max_request_bytes,
                stream_limits=self._stream_limits,
                admission=self._admission,
            )
        if request.method == "POST" and canonical_id(name) is None:
            raise not_found(f"There is no such operation: {_OPERATIONS}.")
        require_method(request.method, "GET", "HEAD")
        return await self._read(request, lambda: self._polled(request, name))

    async def _polled(self, request: Request, name: str) -> Response:
        return await poll(request, await self._found(request, name), self._services.results)

    async def _results(self, request: Request) -> Response:
        caller_of(request).require(Role.OPERATOR)
        require_method(request.method, "GET", "HEAD")
        self._admission.require_hope(account_of(request))
        async with self._admission.admitted(self._reader(request, BLOCK_WORK)) as place:
            batch = await self._found(request, request.path_params["name"])
        return await download(request, batch, self._services.results, place)

    async def _cancel(self, request: Request) -> Response:
        return await self._change(request, cancel_batch)

    async def _retry(self, request: Request) -> Response:
        return await self._change(request, retry_batch, is_keyed=True)

    async def _change(
        self, request: Request, change: Change, *, is_keyed: bool = False
    ) -> Response:
        """Change a batch that the caller sees when it is this request's turn."""
        caller_of(request).require(Role.OPERATOR)
        require_method(request.method, "POST")
        self._admission.require_hope(account_of(request))
        await require_nothing(request, self._max_request_bytes)
        key = request_key(key_headers(request)) if is_keyed else None
        newcomer = Newcomer(caller=account_of(request), work=REQUEST_WORK)
        async with self._admission.admitted(newcomer):
            with answered_with(key):
                batch = await self._found(request, request.path_params["name"])
                return await change(request, batch, self._services.control)

    async def _products(self, request: Request) -> Response:
        return await self._export(request, export_products)

    async def _stock_updates(self, request: Request) -> Response:
        return await self._export(request, export_stock_updates)

    async def _export(self, request: Request, export: Export) -> Response:
        """Return a file; each block of its rows is read in a turn of this request."""
        caller_of(request).require(Role.VIEWER)
        require_method(request.method, "GET", "HEAD")
        self._admission.require_hope(account_of(request))
        async with self._admission.admitted(self._reader(request, BLOCK_WORK)) as place:
            return await unless_left(request, export(request, self._services, place))

    async def _read(self, request: Request, read: Read) -> Response:
        """Return what is read when it is this request's turn, unless its caller has left."""
        self._admission.require_hope(account_of(request))
        async with self._admission.admitted(self._reader(request)):
            return await unless_left(request, read())

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
