"""What `/graphql` answers: its two media types, and a refusal in GraphQL's form.

With `RESPONSE` the status says whether a request was executed at all. With `JSON`, the older media
type, every well-formed request is answered with 200.
"""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from server.domain.refusal import BAD_INPUT, extensions_of
from server.web import json_value
from server.web.accept import qualities, quality
from server.web.refusal import PERSISTED_QUERY_NOT_SUPPORTED, Refused
from server.web.requests import note_code, note_errors

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
RETRY_AFTER = "Retry-After"
_OWN_CODES = ("UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", PERSISTED_QUERY_NOT_SUPPORTED)
_WIDER = ("application/*", "*/*")


@lru_cache(64)
def preferred(accept: str | None) -> str | None:
    """Return the media type that a client prefers; None if it takes neither.

    A client that does not name `RESPONSE` may not know it, and gets `JSON`.
    """
    found = qualities(accept or "*/*")
    response, json_ = quality(found, (RESPONSE, *_WIDER)), quality(found, (JSON, *_WIDER))
    if response and response >= json_ and RESPONSE in found:
        return RESPONSE
    if json_:
        return JSON
    return RESPONSE if response else None


def executed(result: dict[str, Any], asked_for: Response) -> Response:
    """Return the answer to a well-formed request.

    `asked_for` has the media type, and a status if the limits of the caller refused all of it.
    """
    note_errors(result.get("errors"))
    status, media_type = asked_for.status_code or 200, asked_for.media_type
    if media_type == RESPONSE and _is_refused(result):
        del result["data"]
        status = 400
    response = Response(json_value.answer(result), status)
    if RETRY_AFTER in asked_for.headers:
        response.headers[RETRY_AFTER] = asked_for.headers[RETRY_AFTER]
    return _of_type(media_type, response)


def refusal(refused: Refused, media_type: str | None) -> Response:
    """Return what is answered before or in place of GraphQL's answer.

    The caller's mistakes have one code here; the status says which it was.
    """
    note_code(refused.refusal.code)
    code = refused.refusal.code
    if refused.status < 500 and code not in _OWN_CODES:
        code = BAD_INPUT
    extensions = extensions_of(replace(refused.refusal, code=code))
    errors = [{"message": str(refused), "extensions": extensions}]
    body = json.dumps({"errors": errors})  # in ASCII: it may quote half a surrogate pair
    status = refused.status
    if refused.refusal.code == PERSISTED_QUERY_NOT_SUPPORTED and media_type != RESPONSE:
        status = 200  # as Apollo Server: some clients do not read the body of another status
    return _of_type(media_type, Response(body, status, refused.headers))


def _is_refused(result: dict[str, Any]) -> bool:
    """Return whether nothing was executed: only what a resolver has begun has a path."""
    errors: list[Any] = result.get("errors") or []
    return result["data"] is None and not any("path" in error for error in errors)


def _of_type(media_type: str | None, response: Response) -> Response:
    response.headers["Content-Type"] = f"{media_type or JSON}; charset=utf-8"
    response.headers["Vary"] = "Accept"
    return response
