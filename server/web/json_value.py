"""Read and write JSON: in UTF-8, without NaN, no name twice, and with numbers of any length.

msgspec reads and writes what is valid, in half the time that the standard library takes or less.
Whatever it refuses is left to the standard library, which knows more numbers and names the fault.
A long text is read in pieces.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from server.domain.errors import BadInput, quoted
from server.domain.exact_number import number_from
from server.web import json_pieces

_BYTE_ORDER_MARK = "\ufeff"
_LONG: Final = 1024**2  # bytes or characters of a text that is read in pieces
_MOST_DIGITS = 30  # a longer number is out of every range, whatever its other digits
# Each object or list takes 0.2 µs, whatever is in it, and nobody else is answered meanwhile.
MOST_OBJECTS: Final = 1_100_000
MOST_VALUES: Final = 8_000_000  # 7 for each object
_DECODER = msgspec.json.Decoder(float_hook=number_from)


def parse(text: str | bytes) -> Any:
    """Return the value that `text` is.

    Raises:
        BadInput: it is not JSON in UTF-8, has a name twice in one object, or too many values; the
            message lacks its subject, such as "The body".
    """
    _count(text)
    if len(text) <= _LONG:
        return _parsed_at_once(text)
    return json_pieces.parse(_content(text), _parsed_at_once)


def _content(text: str | bytes) -> bytes:
    """Return a text as UTF-8, without the mark that may begin it."""
    if isinstance(text, bytes):
        utf_8(text)
        return text.removeprefix(_BYTE_ORDER_MARK.encode())
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadInput("is not Unicode: it has half a surrogate pair") from error


def _parsed_at_once(text: str | bytes) -> Any:
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _parsed_by_python(text)
    return value if _names_are_unique(text, value) else _parsed_by_python(text)


def _count(text: str | bytes) -> None:
    """Refuse a text with more values than any request has; counting 32 MB takes 10 ms."""
    if len(text) < MOST_OBJECTS:
        return
    begin, list_, comma = ("{", "[", ",") if isinstance(text, str) else (b"{", b"[", b",")
    objects = text.count(begin) + text.count(list_)  # type: ignore[arg-type]
    if objects > MOST_OBJECTS or text.count(comma) > MOST_VALUES:  # type: ignore[arg-type]
        raise BadInput(
            f"has more than {MOST_OBJECTS} objects and lists, or {MOST_VALUES} values: send less"
        )


def _names_are_unique(text: str | bytes, value: Any) -> bool:
    """Return whether no name stands twice in an object; False if that is not certain.

    A name that msgspec has dropped leaves a colon in the text that its value does not have. Colons
    that are escaped could hide one, so a text with such an escape is not certain.
    """
    if not isinstance(value, dict | list):
        return True
    colon, escape = (":", "\\u003") if isinstance(text, str) else (b":", b"\\u003")
    count = text.count(colon)  # type: ignore[arg-type]
    if count < 2:
        return True
    # One character is found six times as fast as several.
    if escape[:1] in text and escape in text:  # type: ignore[operator]
        return False
    try:
        return count == msgspec.json.encode(value).count(b":")
    except (UnicodeEncodeError, msgspec.EncodeError, RecursionError):
        return False


def _parsed_by_python(text: str | bytes) -> Any:
    try:
        return _parsed(
            text if isinstance(text, str) else utf_8(text).removeprefix(_BYTE_ORDER_MARK)
        )
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
    read: Any = {
        "parse_float": number_from,
        "parse_constant": _refuse,
        "object_pairs_hook": _object,
    }
    try:
        return json.loads(text, **read)
    except json.JSONDecodeError:
        raise
    except ValueError:  # perhaps of a number that is too long; `whole` costs seconds for millions
        return json.loads(text, parse_int=whole, **read)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BadInput(f"has the name {quoted(name)} twice in one object: send it once")
            seen.add(name)
    return found


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
