"""The body of a request: its headers, its bytes, and the JSON object in it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final

from starlette.requests import Request

from server.domain.errors import BadInput, quoted
from server.reading import READING_ROOM
from server.web import json_value
from server.web.connections.flight import BODY, BodyBytes
from server.web.refusal import bad_input, too_large, unsupported

JSON = "application/json"
LARGE: Final = 64 * 1024  # bytes of JSON: what is longer is read in a thread
_UTF_8 = ("utf-8", "utf8", "us-ascii")


def require_media_type(
    request: Request, known: Sequence[str], *, other_charsets: Collection[str] = ()
) -> str:
    """Return which of the media types `known` the body has, in UTF-8 and not compressed.

    A body of a type in `other_charsets` need not be in UTF-8: see `charset`.

    Raises:
        Refused: the body is something else, or the headers say two things.
    """
    sent = request.headers.getlist("Content-Type")
    if len(sent) > 1:
        raise unsupported("There are several headers Content-Type: send one.")
    name, *parameters = sent[0].split(";") if sent else [""]
    name = name.strip().lower()
    if name not in known:
        *others, last = known
        raise unsupported(f"A body is {', '.join(others) + ' or ' if others else ''}{last}.")
    if name not in other_charsets and not all(map(_is_utf_8, parameters)):
        raise unsupported("A body is in UTF-8.")
    if any(encoding != "identity" for encoding in _encodings(request)):
        raise unsupported("A body is sent as it is, without a Content-Encoding.")
    return name


async def read_whole(request: Request, most: int, *, instead: str = "send less") -> bytes:
    """Return the whole body.

    Raises:
        Refused: it has more than `most` bytes; the message ends with what to do `instead`.
        Overloaded: the server holds as many bytes as it may.
        ClientDisconnect: it broke off.
    """
    pieces: list[bytes] = []
    received = 0
    held: BodyBytes | None = request.scope.get("state", {}).get(BODY)
    async with aclosing(request.stream()) as body:
        async for piece in body:
            received += len(piece)
            if received > most:
                raise too_large(f"The request is larger than {most} bytes: {instead}.")
            if held is not None:
                held.add(len(piece))
            pieces.append(piece)
    return b"".join(pieces)


async def read_body(body: bytes, caller: str) -> dict[str, Any]:
    """Return the JSON object in a body of the caller. Others are served while a large one is read.

    Raises:
        Refused: it is not JSON, or no object.
        Overloaded: too much waits to be read.
    """
    if len(body) > LARGE:
        return await READING_ROOM.read(caller, partial(read_object, body))
    return read_object(body)


def read_object(text: str | bytes, subject: str = "The body") -> dict[str, Any]:
    """Return the JSON object that `text` is; `subject` names it in messages.

    Raises:
        Refused: it is not JSON, or no object.
    """
    try:
        sent = json_value.parse(text)
    except BadInput as error:
        raise bad_input([f"{subject} {error}."]) from error
    if not isinstance(sent, dict):
        raise bad_input([f"{subject} is not a JSON object."])
    return sent


def charset(content_type: str) -> str | None:
    """Return the parameter `charset` of a media type; None if it has none."""
    for parameter in content_type.split(";")[1:]:
        attribute, _, value = parameter.partition("=")
        if attribute.strip().lower() == "charset":
            return value.strip().strip('"') or None
    return None


def _is_utf_8(parameter: str) -> bool:
    """Return whether a parameter of the media type leaves the body in UTF-8."""
    attribute, _, value = parameter.partition("=")
    return attribute.strip().lower() != "charset" or value.strip().strip('"').lower() in _UTF_8


def _encodings(request: Request) -> list[str]:
    sent = ",".join(request.headers.getlist("Content-Encoding"))
    return [name for part in sent.split(",") if (name := part.strip().lower())]


def single_parameters(request: Request) -> Mapping[str, str]:
    """Return the parameters in the query of a request.

    Raises:
        Refused: one is there twice.
    """
    faults = repeated_parameters(request)
    if faults:
        raise bad_input(faults)
    return request.query_params


def repeated_parameters(request: Request) -> list[str]:
    """Return what is wrong with parameters that are there more than once."""
    counts = Counter(name for name, _ in request.query_params.multi_items())
    return [
        f"The parameter {quoted(name)} is there {times} times: send it once."
        for name, times in counts.items()
        if times > 1
    ]
