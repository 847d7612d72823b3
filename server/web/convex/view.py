"""`POST /api/mutation` and `POST /api/query`."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from schema.context import Context, Services
from server.batches.idempotency.key import ARGUMENT
from server.domain.errors import (
    IssuerUnavailable,
    Overloaded,
    RateLimited,
    RequestError,
    ServerStops,
    Unauthenticated,
)
from server.domain.refusal import BAD_INPUT, INTERNAL, cut_short, extensions_of, refusal_of
from server.web import json_value
from server.web.admission.admission import Admission, Newcomer, work_of
from server.web.admission.leaving import left, unless_left
from server.web.any_method import AnyMethod
from server.web.body import JSON, read_body, read_whole, require_media_type
from server.web.convex.call import FunctionFailed, Value, call
from server.web.convex.function import function_at
from server.web.identity.authentication import Authentication, account_of
from server.web.json_value import json_answer
from server.web.key import key_headers
from server.web.refusal import Refused, bad_input, not_found, require_method, to_refused
from server.web.requests import CLIENT_LEFT, note_code

_KINDS = ("mutation", "query")
_NO_TIMES = "There are no queries at a time here: call client.query(…)."
_ABSENT = {
    "action": "There are no actions here: call client.mutation(…) or client.query(…).",
    "query_at_ts": _NO_TIMES,
    "query_ts": _NO_TIMES,
}
_FORMATS = ("convex_encoded_json", "json")
_SUBMISSION = "submitBatch"


class Convex:
    """The routes of the protocol. What a function returned or threw has status 200; an answer with
    another status is `{"code", "message"}`.
    """

    def __init__(
        self,
        services: Services,
        *,
        max_request_bytes: int,
        admission: Admission | None = None,
        authentication: Authentication | None = None,
    ) -> None:
        self._services = services
        self._max_request_bytes = max_request_bytes
        self._admission = admission or Admission()
        self._authentication = authentication or Authentication()

    def routes(self) -> list[Route]:
        """Return the routes: those of the protocol, and those that only refuse its clients' calls.

        A client whose address ends with a slash calls `//api/…`.
        """
        return [
            AnyMethod(f"{slash}/api/{name}", self._answer)
            for slash in ("", "/")
            for name in (*_KINDS, *_ABSENT)
        ]

    async def _answer(self, request: Request) -> Response:  # noqa: PLR0911 - one for each end
        name = request.url.path.rpartition("/")[2]
        try:
            value = await self._value(request, name)
        except FunctionFailed as error:
            return _thrown(str(error), error.data)
        except (IssuerUnavailable, Overloaded, RateLimited, ServerStops, Unauthenticated) as error:
            return _fault(to_refused(error))  # not the function's own
        except RequestError as error:
            data = extensions_of(refusal_of(error, "")) | {"message": str(error)}
            return _thrown(str(error), data)
        except ClientDisconnect:
            note_code(CLIENT_LEFT)  # it had not sent everything
            return Response()
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            return _fault(Refused(cut_short(has_begun=False)))
        except Exception as error:  # noqa: BLE001 - answered in JSON, and masked, whatever it is
            return _fault(to_refused(error))
        return _returned(value)

    async def _value(self, request: Request, kind: str) -> Value:
        if kind in _ABSENT:
            raise not_found(_ABSENT[kind])
        require_method(request.method, "POST")
        require_media_type(request, [JSON])
        caller = await self._authentication.identify(request)
        self._admission.require_hope(account_of(request))
        body = await read_whole(request, self._max_request_bytes)
        sent = await _read(body, account_of(request))
        function = function_at(sent["path"], kind)
        newcomer = Newcomer(
            caller=account_of(request),
            work=work_of(len(body)),
            left=None if _stays(request, sent) else partial(left, request),
        )
        context = Context(self._services, key_headers=key_headers(request))
        context.identify(caller, newcomer.caller)
        try:
            async with self._admission.admitted(newcomer):
                calling = call(function, sent.get("args", {}), context, size=len(body))
                return await (unless_left(request, calling) if kind == "query" else calling)
        except asyncio.CancelledError:  # as above
            raise Refused(cut_short(has_begun=context.notes.changes is True)) from None


def _stays(request: Request, sent: Mapping[str, Any]) -> bool:
    """Return whether a call goes on without its caller: it has a key, or submits a batch."""
    arguments = sent.get("args")
    named = ARGUMENT in arguments if isinstance(arguments, Mapping) else False
    return named or bool(key_headers(request)) or _SUBMISSION in sent["path"]


async def _read(body: bytes, caller: str) -> dict[str, Any]:
    """Return the call in a body: an object with `path`, `args` and `format`.

    Raises:
        Refused: it is no call at all. Overloaded: too much waits to be read.
    """
    sent = await read_body(body, caller)
    if not isinstance(sent.get("path"), str):
        raise bad_input(["The body must be a JSON object {path, args, format}; path is a text."])
    if sent.get("format") not in (None, *_FORMATS):
        raise bad_input([f"There is no such format: give {' or '.join(_FORMATS)}."])
    return sent


def _returned(value: Value) -> Response:
    answer = {"status": "success", "value": value.json, "logLines": []}
    headers = {"Idempotent-Replayed": "true"} if value.is_replay else None
    return Response(json_value.answer(answer), headers=headers, media_type=JSON)


def _thrown(message: str, data: Mapping[str, Any] | None) -> Response:
    answer: dict[str, Any] = {"status": "error", "errorMessage": message}
    note_code(INTERNAL if data is None else data.get("code", BAD_INPUT))
    if data is not None:
        answer["errorData"] = data
    return json_answer(answer | {"logLines": []})


def _fault(refused: Refused) -> Response:
    note_code(refused.refusal.code)
    content: dict[str, Any] = {"code": refused.refusal.code, "message": refused.refusal.message}
    return json_answer(content, refused.status, refused.headers)
