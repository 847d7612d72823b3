"""Read and write JSON: in UTF-8, without NaN, and with whole numbers of any length.

msgspec reads and writes what is valid, in half the time that the standard library takes or less.
Whatever it refuses is left to the standard library, which knows more numbers and names the fault.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from server.domain.errors import BadInput

_BYTE_ORDER_MARK = "\ufeff"
_MOST_DIGITS = 30  # a longer number is out of every range, whatever its other digits


def parse(text: str | bytes, *, as_python: bool = False) -> Any:
    """Return the value that `text` is. `as_python` is what `/graphql` takes: NaN and Infinity are
    numbers, and a whole number of more than 4 300 digits is refused.

    Raises:
        BadInput: it is not JSON in UTF-8; the message lacks its subject, such as "The body".
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _parsed_by_python(text, as_python=as_python)


def _parsed_by_python(text: str | bytes, *, as_python: bool) -> Any:
    try:
        characters = text if isinstance(text, str) else utf_8(text).removeprefix(_BYTE_ORDER_MARK)
        return _parsed_as_python(characters) if as_python else _parsed(characters)
    except RecursionError as error:
        raise BadInput("is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BadInput(f"is not JSON: {error.msg} at character {error.pos + 1}") from error
    except ValueError as error:
        raise BadInput(f"is not JSON: {error}") from error


def utf_8(content: bytes) -> str:
    """Return `content` as text.

    Raises:
        BadInput: it is not UTF-8; the message lacks its subject.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place, byte = error.start + 1, content[error.start]
        raise BadInput(f"is not UTF-8: byte {place} of it is 0x{byte:02x}") from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError:
        raise
    except ValueError:  # perhaps of a number that is too long; `whole` costs seconds for millions
        return json.loads(text, parse_int=whole, parse_constant=_refuse)


def _parsed_as_python(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # Python's own message names a setting of the interpreter
        raise BadInput("has a number of more than 4300 digits") from error


def answer(value: Any) -> bytes:
    """Return the answer of a GraphQL request as JSON; it has finite numbers alone."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return written(value)


def written(value: Any) -> bytes:
    """Return `value` as JSON."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say in ASCII alone
        return json.dumps(value, separators=(",", ":")).encode()


def whole(digits: str) -> int:
    """Return the number of `digits`, cut after 30 of them: Python refuses to read thousands."""
    return int(digits[:_MOST_DIGITS])


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer with `content` as JSON."""
    return Response(written(content), status, headers, media_type="application/json")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")
