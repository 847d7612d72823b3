"""Every door of the server: a well-formed request to each, and its answer in one form."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.types import ASGIApp

from server.web.admission.admission import Admission
from server.web.app import make_app
from server.web.convex.view import Convex
from server.web.graphql.view import GraphQLView
from server.web.identity.authentication import Authentication
from server.web.patience import NewPatience, endless
from server.web.rest.view import Rest
from tests.support.shop import Shop

MAX_REQUEST_BYTES = 4096
_ERROR_ID = re.compile(r"[0-9a-f]{32}")


class Door(Enum):
    """A way into the server."""

    GRAPHQL_POST = "GraphQL by POST"
    GRAPHQL_GET = "GraphQL by GET"
    WEBSOCKET = "GraphQL over WebSocket"
    REST_JSON = "REST with a body of JSON"
    REST_NDJSON = "REST with a body of NDJSON"
    REST_CSV = "REST with a body of CSV"
    REST_PROGRESS = "the progress of a batch over REST"
    REST_RESULTS = "the results of a batch over REST"
    REST_LIST = "the list of batches over REST"
    REST_CANCEL = "the end of a batch over REST"
    REST_RETRY = "the failed items of a batch over REST"
    REST_PRODUCTS = "the products over REST"
    REST_LEDGER = "the ledger over REST"
    CONVEX_MUTATION = "a mutation over Convex's protocol"
    CONVEX_QUERY = "a query over Convex's protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request. Over WebSocket, `headers` are those of the handshake and `body` is a message."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    breaks_off: bool = False

    def with_header(self, name: str, *values: str) -> "Sent":
        """Return the request with these headers of that name, and no others of it."""
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, *((name, value) for value in values)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. Without a `code` the request was taken.

    `status` is 0 where there is no HTTP status: a message over a WebSocket that stays open, or no
    answer at all. For a WebSocket that was closed it is the code of that. `retry_after` is the
    header, and `retry_after_seconds` is what an error of GraphQL or Convex itself says.
    """

    status: int
    code: str | None = None
    message: str = ""
    retry_after: str | None = None
    retry_after_seconds: int | None = None
    allow: str | None = None
    is_replay: bool = False


def app_of(
    shop: Shop,
    *,
    init_seconds: float = 10,
    admission: Admission | None = None,
    authentication: Authentication | None = None,
    is_production: bool = False,
    new_patience: NewPatience = endless,
    origins: Sequence[str] = ("*",),
) -> Starlette:
    """Return the whole application, with a limit on bodies that tests can reach."""

    async def ready() -> None:
        return None

    services, limit = replace(shop.services, is_production=is_production), MAX_REQUEST_BYTES
    admission = admission or Admission()
    view = GraphQLView(
        services,
        max_request_bytes=limit,
        origins=origins,
        init_seconds=init_seconds,
        admission=admission,
        authentication=authentication,
        on_answered=shop.metrics.request_answered,
        tracer=shop.tracer,
        new_patience=new_patience,
    )
    rest = Rest(
        services,
        max_request_bytes=limit,
        admission=admission,
        authentication=authentication,
    )
    convex = Convex(
        services,
        max_request_bytes=limit,
        admission=admission,
        authentication=authentication,
    )
    shows = not is_production
    return make_app(
        view,
        shop.metrics,
        ready,
        rest,
        convex,
        origins,
        has_page=shows,
        has_metrics=shows,
        tracer=shop.tracer,
    )


def well_formed(door: Door, product: str, batch: str, argument: str | None = None) -> Sent:
    """Return a request that adds 1 to the stock of `product`, or reads it or the `batch`.

    The batch waits if it is to be cancelled, and has failed items if it is to be tried again.
    `argument` is an idempotency key beside the items, where there is such an argument.
    """
    item = {"productId": product, "quantity": 1}
    key = {} if argument is None else {"idempotencyKey": argument}
    in_text = "" if argument is None else f', idempotencyKey: "{argument}"'
    mutation = (
        f'mutation {{ batchUpdateStock(updates: [{{productId: "{product}", quantity: 1}}]{in_text})'
        " { newStock } }"
    )
    message = {"id": "1", "type": "subscribe", "payload": {"query": mutation}}
    query = quote(f'{{ product(id: "{product}") {{ stock }} }}')
    rest, progress = "/api/batches/batch-update-stock", f"/api/batches/{batch}"
    rows = f"productId,quantity\n{product},1\n".encode()
    mutation_call = {"path": "batchUpdateStock", "args": {"updates": [item], **key}}
    query_call = {"path": "product", "args": {"id": product}}
    requests = {
        Door.GRAPHQL_POST: _post("/graphql", "application/json", {"query": mutation}),
        Door.GRAPHQL_GET: Sent(method="GET", path="/graphql", query=f"query={query}"),
        Door.WEBSOCKET: Sent(method="GET", path="/graphql", body=json.dumps(message).encode()),
        Door.REST_JSON: _post(rest, "application/json", {"updates": [item]}),
        Door.REST_NDJSON: _post(rest, "application/x-ndjson", item),
        Door.REST_CSV: _post(rest, "text/csv", rows),
        Door.REST_PROGRESS: Sent(method="GET", path=progress),
        Door.REST_RESULTS: Sent(method="GET", path=f"{progress}/results"),
        Door.REST_LIST: Sent(method="GET", path="/api/batches"),
        Door.REST_CANCEL: _post(f"{progress}/cancel", "application/json", {}),
        Door.REST_RETRY: _post(f"{progress}/retry", "application/json", {}),
        Door.REST_PRODUCTS: Sent(method="GET", path="/api/products"),
        Door.REST_LEDGER: Sent(method="GET", path="/api/stock-updates"),
        Door.CONVEX_MUTATION: _post("/api/mutation", "application/json", mutation_call),
        Door.CONVEX_QUERY: _post("/api/query", "application/json", query_call),
    }
    return requests[door]


async def reply(app: ASGIApp, door: Door, sent: Sent) -> Reply:
    """Send a request through the whole application, and return the answer."""
    async with asyncio.timeout(30):
        if door is Door.WEBSOCKET:
            return await _reply_over_websocket(app, sent)
        events = await _exchange(app, sent)
    if not events:
        return Reply(status=0)
    status = events[0]["status"]
    headers = {name.decode(): value.decode() for name, value in events[0]["headers"]}
    body = b"".join(event.get("body", b"") for event in events[1:])
    if not body:  # of a client that has hung up
        return Reply(status=0)
    answer = _json(body)
    code, message = _refusal(answer)
    return Reply(
        status=status,
        code=code,
        message=message,
        retry_after=headers.get("retry-after"),
        retry_after_seconds=_seconds(answer),
        allow=headers.get("allow"),
        is_replay="idempotent-replayed" in headers or _is_replay(answer),
    )


def _post(path: str, media_type: str, body: Any) -> Sent:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Sent(method="POST", path=path, headers=(("content-type", media_type),), body=content)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:  # a file of several rows
        return {}


def _refusal(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the code and the message of a refusal in the form of any door."""
    if "errors" in answer:
        (error,) = answer["errors"]
        code, message = error["extensions"]["code"], error["message"]
    elif answer.get("status") == "error":  # thrown in a Convex client, without data for our faults
        code = answer.get("errorData", {}).get("code", "INTERNAL")
        message = answer["errorMessage"]
    else:
        told = answer.get("error")  # a text in a row of the ledger, which is no refusal
        error = told if isinstance(told, Mapping) else {} if told else answer
        code, message = (error["code"], error["message"]) if error.get("code") else (None, "")
    return code, _ERROR_ID.sub("…", message)


def _seconds(answer: Mapping[str, Any]) -> int | None:
    """Return when the error in an answer says that the request may be sent again."""
    if "errors" in answer:
        (error,) = answer["errors"]
        found = error["extensions"].get("retryAfterSeconds")
    else:
        found = answer.get("errorData", {}).get("retryAfterSeconds")
    return None if found is None else int(found)


def _is_replay(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("extensions", {}).get("idempotentReplay"))


def _scope(kind: str, sent: Sent) -> dict[str, Any]:
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": sent.method,
        "path": sent.path,
        "raw_path": sent.path.encode(),
        "root_path": "",
        "query_string": sent.query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.headers],
        "subprotocols": ["graphql-transport-ws"],
    }


async def _exchange(app: ASGIApp, sent: Sent) -> list[Any]:
    half = len(sent.body) // 2
    whole = [{"type": "http.request", "body": sent.body, "more_body": False}]
    begun = [{"type": "http.request", "body": sent.body[:half], "more_body": True}]
    incoming = iter(begun if sent.breaks_off else whole)
    events: list[Any] = []
    answered = asyncio.Event()
    if sent.breaks_off:
        answered.set()

    async def receive() -> Any:
        message = next(incoming, None)
        if message is None:  # a client stays until it is answered, however long that takes
            await answered.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(event: Any) -> None:
        events.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body"):
            answered.set()

    await app(_scope("http", sent), receive, send)
    return events


async def _reply_over_websocket(app: ASGIApp, sent: Sent) -> Reply:
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    outgoing: asyncio.Queue[Any] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    for text in (json.dumps({"type": "connection_init"}), sent.body.decode()):
        incoming.put_nowait({"type": "websocket.receive", "text": text})
    serving = asyncio.ensure_future(app(_scope("websocket", sent), incoming.get, outgoing.put))
    while True:
        event = await outgoing.get()
        message = json.loads(event.get("text") or "{}")
        if event["type"] == "websocket.close" or message.get("type") in ("next", "error"):
            break
    incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await serving
    if event["type"] == "websocket.close":
        return Reply(status=event["code"], code="CLOSED", message=event.get("reason") or "")
    payload = message["payload"]
    answer = {"errors": payload} if isinstance(payload, list) else payload
    code, text = _refusal(answer)
    return Reply(
        status=0,
        code=code,
        message=text,
        retry_after_seconds=_seconds(answer),
        is_replay=_is_replay(answer),
    )
