"""JSON as it was meant: in UTF-8, without NaN, and with whole numbers of any length."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from server.domain.errors import BadInput

_DIGITS = 30  # more make a number that is out of every range, whatever the rest of them


def parse(text: str | bytes) -> Any:
    """
    Raises:
        BadInput: it is not JSON; the message is the end of a sentence that begins with its name.
    """
    try:
        return _parsed(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except RecursionError as error:
        raise BadInput("is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BadInput(f"is not JSON: {error.msg} at character {error.pos + 1}") from error
    except ValueError as error:  # UnicodeDecodeError is one, too
        raise BadInput(f"is not JSON: {error}") from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError:
        raise
    except ValueError:  # perhaps of a number that is too long; `whole` costs seconds for millions
        return json.loads(text, parse_int=whole, parse_constant=_refuse)


def written(value: Any) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say in ASCII alone
        return json.dumps(value, separators=(",", ":")).encode()


def whole(digits: str) -> int:
    """Python refuses to read thousands of them."""
    return int(digits[:_DIGITS])


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer with `content` as JSON."""
    return Response(written(content), status, headers, media_type="application/json")
