"""A refusal as REST tells it: `{"error": {"code", "message", …}}`."""

from typing import Any

from starlette.responses import Response

from server.web.json_value import json_answer
from server.web.refusal import refused


def error_answer(error: Exception) -> Response:
    """What the caller sees in place of `error`."""
    told = refused(error)
    fields: dict[str, Any] = {"code": told.code, "message": str(told)}
    if told.reasons:
        fields["reasons"] = list(told.reasons)
    if told.error_id:
        fields["errorId"] = told.error_id
    return json_answer({"error": fields}, told.status, told.headers)
