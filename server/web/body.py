"""The body of a request: what it is said to be, and all of it."""

from collections.abc import Sequence
from contextlib import aclosing

from starlette.requests import Request

from server.web.refusal import Refused

JSON = "application/json"


def require_media_type(request: Request, known: Sequence[str]) -> str:
    """One of `known`, in UTF-8 and as it is.

    Raises:
        Refused: it is something else.
    """
    first, *parameters = request.headers.get("Content-Type", "").split(";")
    name = first.strip().lower()
    if name not in known:
        *others, last = known
        raise _unsupported(f"A body is {', '.join(others) + ' or ' if others else ''}{last}.")
    for parameter in parameters:
        attribute, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if attribute.strip().lower() == "charset" and charset not in ("utf-8", "utf8", "us-ascii"):
            raise _unsupported("A body is in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _unsupported("A body is sent as it is, without a Content-Encoding.")
    return name


async def read_whole(request: Request, most: int, *, instead: str = "send less") -> bytes:
    """
    Raises:
        Refused: it has more than `most` bytes; the message ends with what to do `instead`.
    """
    pieces: list[bytes] = []
    received = 0
    async with aclosing(request.stream()) as body:
        async for piece in body:
            received += len(piece)
            if received > most:
                message = f"The request is larger than {most} bytes: {instead}."
                raise Refused(413, "REQUEST_TOO_LARGE", message)
            pieces.append(piece)
    return b"".join(pieces)


def _unsupported(message: str) -> Refused:
    return Refused(415, "UNSUPPORTED_MEDIA_TYPE", message)
