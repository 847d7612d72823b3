"""An answer in JSON."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from server.http import json_value


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    body = json_value.written(content)
    return Response(body, status, headers, media_type="application/json")
