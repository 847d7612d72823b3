"""`POST /api/mutation` and `POST /api/query`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from schema.context import Services
from schema.idempotency import HEADER
from server.domain.errors import BadInput, RequestError
from server.web import json_value
from server.web.body import JSON, read_whole, require_media_type
from server.web.convex.call import FunctionFailed, Value, call
from server.web.convex.function import function_at
from server.web.json_value import json_answer
from server.web.refusal import METHODS, Refused, not_found, refused, wrong_method

_KINDS = ("mutation", "query")
_NO_TIMES = "There are no queries at a time here: call client.query(…)."
_ABSENT = {
    "action": "There are no actions here: call client.mutation(…) or client.query(…).",
    "query_at_ts": _NO_TIMES,
    "query_ts": _NO_TIMES,
}
_FORMATS = ("convex_encoded_json", "json")
_STOPPING = (
    "The server stops, and what has begun goes on to its end. With an idempotency key the call can "
    "be sent again without doing anything twice; without one, look at stockUpdates first."
)


class Convex:
    """What a function returned or threw is 200; other statuses are `{"code", "message"}`."""

    def __init__(self, services: Services, *, max_request_bytes: int) -> None:
        self._services = services
        self._max_request_bytes = max_request_bytes

    def routes(self) -> list[Route]:
        """Those of the protocol, and those that its clients call in vain.

        A client whose address ends with a slash calls `//api/…`.
        """
        return [
            Route(f"{slash}/api/{name}", self._answer, methods=METHODS)
            for slash in ("", "/")
            for name in (*_KINDS, *_ABSENT)
        ]

    async def _answer(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        try:
            value = await self._value(request, name)
        except FunctionFailed as error:
            return _thrown(str(error), error.data)
        except RequestError as error:
            return _thrown(str(error), {"code": error.code, "message": str(error)})
        except ClientDisconnect:
            return Response()  # it hung up before it had sent everything
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            return _fault(Refused(503, "UNAVAILABLE", _STOPPING))
        except Exception as error:  # noqa: BLE001 - told in JSON, and masked, whatever it is
            return _fault(refused(error))
        return _returned(value)

    async def _value(self, request: Request, kind: str) -> Value:
        if kind in _ABSENT:
            raise not_found(_ABSENT[kind])
        if request.method != "POST":
            raise wrong_method(request.method, "POST")
        require_media_type(request, [JSON])
        body = await read_whole(request, self._max_request_bytes)
        sent = _read(body)
        keys = request.headers.getlist(HEADER)
        return await call(
            function_at(sent["path"], kind),
            sent.get("args", {}),
            self._services,
            header_key=", ".join(keys) if keys else None,
            size=len(body),
        )


def _read(body: bytes) -> dict[str, Any]:
    """
    Raises:
        Refused: it is no call at all.
    """
    try:
        sent = json_value.parse(body)
    except BadInput as error:
        raise _malformed(f"The body {error}.") from error
    if not isinstance(sent, dict) or not isinstance(sent.get("path"), str):
        raise _malformed("The body must be a JSON object {path, args, format}; path is a text.")
    if sent.get("format") not in (None, *_FORMATS):
        raise _malformed(f"There is no such format: give {' or '.join(_FORMATS)}.")
    return sent


def _malformed(message: str) -> Refused:
    return Refused(400, "BAD_INPUT", message)


def _returned(value: Value) -> Response:
    answer = {"status": "success", "value": value.json, "logLines": []}
    return json_answer(answer, headers={"Idempotent-Replayed": "true"} if value.is_replay else None)


def _thrown(message: str, data: Mapping[str, Any] | None) -> Response:
    answer: dict[str, Any] = {"status": "error", "errorMessage": message}
    if data is not None:
        answer["errorData"] = data
    return json_answer(answer | {"logLines": []})


def _fault(fault: Refused) -> Response:
    content: dict[str, Any] = {"code": fault.code, "message": str(fault)}
    return json_answer(content, fault.status, fault.headers)
