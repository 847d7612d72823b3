"""What an answer may be at each door."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.proofs.fuzzing.http import Answer
from tests.proofs.fuzzing.websocket import Closed
from tests.support.web.doors import Door, Sent

_INTERNAL_ERROR = 1011  # of a WebSocket
_JSON = ("application/json", "application/graphql-response+json")
_GRAPHQL = (Door.GRAPHQL_POST, Door.GRAPHQL_GET)
_CONVEX = (Door.CONVEX_MUTATION, Door.CONVEX_QUERY)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request was taken, and what is wrong with its answer."""

    taken: bool
    fault: str | None = None


def of_http(door: Door, sent: Sent, answer: Answer) -> Verdict:
    """Return the verdict about an answer over HTTP."""
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    is_good = answer.status < 300
    if answer.status >= 500 and answer.status != 503:
        return Verdict(False, f"status {answer.status}")
    if sent.method == "HEAD":
        return Verdict(is_good)
    if is_good and media_type not in _JSON:
        return Verdict(True, _fault_of_file(media_type, answer.body))
    if _is_preflight(sent):
        return Verdict(is_good)
    try:
        value = _parsed(answer.body)
    except (ValueError, RecursionError) as error:
        return Verdict(is_good, f"the answer is not JSON: {error}")
    if "INTERNAL" in _codes(value):
        return Verdict(False, "INTERNAL")
    refusal = _refusal(door, value)
    is_taken = is_good and refusal is None
    if not is_good and refusal is None and "error" in value:  # what is no request to a door yet
        refusal = value["error"]
    fault = None if is_good and refusal is None else _fault_of_refusal(refusal)
    if answer.status == 503 and fault is None and "retry-after" not in answer.headers:
        fault = "a 503 without Retry-After"
    return Verdict(is_taken, fault)


def of_messages(heard: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return the verdict about what came over a WebSocket that stays open."""
    if "INTERNAL" in _codes(list(heard)):
        return Verdict(False, "INTERNAL")
    for message in heard:
        errors = message["payload"] if message["type"] == "error" else []
        if message["type"] == "next":
            errors = message["payload"].get("errors") or []
        for error in errors:
            return Verdict(False, _fault_of_refusal(_of_graphql(error)))
    return Verdict(any(message["type"] == "next" for message in heard))


def of_close(closed: Closed) -> Verdict:
    """Return the verdict about the end of a WebSocket."""
    if closed.code is None:
        return Verdict(False, "closed without a close frame")
    return Verdict(False, str(closed) if closed.code == _INTERNAL_ERROR else None)


def retry_after(answer: Answer) -> float | None:
    """Return how long an overloaded server wants to be left alone, in seconds."""
    if answer.status != 503 or b"OVERLOADED" not in answer.body:
        return None
    return float(answer.headers.get("retry-after", "1"))


def retry_after_messages(heard: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the same of messages."""
    for message in heard:
        for error in message["payload"] if message["type"] == "error" else []:
            if error.get("extensions", {}).get("code") == "OVERLOADED":
                return float(error["extensions"]["retryAfterSeconds"])
    return None


def _is_preflight(sent: Sent) -> bool:
    names = {name.lower() for name, _ in sent.headers}
    return sent.method == "OPTIONS" and {"origin", "access-control-request-method"} <= names


def _refusal(door: Door, value: Any) -> Any:
    """Return the refusal in the door's form; None if there is none."""
    if not isinstance(value, dict):
        return None
    if door in _GRAPHQL:
        errors = value.get("errors") or [None]
        return errors[0] and _of_graphql(errors[0])
    if door in _CONVEX:
        failed = {"code": "?", "message": value.get("errorMessage")}
        if value.get("status") == "error":
            return value.get("errorData", failed)
        return value if "code" in value and "status" not in value else None
    return value["error"] if isinstance(value.get("error"), dict) else None


def _of_graphql(error: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": error.get("extensions", {}).get("code"), "message": error.get("message")}


def _fault_of_refusal(refusal: Any) -> str | None:
    """Return what a refusal lacks."""
    if not isinstance(refusal, dict):
        return "a refusal that is not in the form of the door"
    for name in ("code", "message"):
        if not isinstance(refusal.get(name), str) or not refusal[name]:
            return f"a refusal without a {name}"
    return None


def _fault_of_file(media_type: str, body: bytes) -> str | None:
    """Return why a file cannot be read."""
    readers: Mapping[str, Callable[[str], Any]] = {
        "application/x-ndjson": lambda text: [_parsed(line) for line in text.split("\n") if line],
        "text/csv": _table,
        "text/html": lambda text: text,
    }
    if media_type not in readers:
        return f"an answer of type {media_type or 'nothing'}"
    try:
        readers[media_type](body.decode())
    except (ValueError, RecursionError, csv.Error) as error:
        return f"a file that cannot be read: {error}"
    return "INTERNAL" if b",INTERNAL," in body or b'"code":"INTERNAL"' in body else None


def _table(text: str) -> None:
    csv.field_size_limit(1 << 24)
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if len({len(row) for row in rows}) > 1:
        raise ValueError("rows of several lengths")


def _parsed(text: str | bytes) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _codes(value: Any) -> Iterator[Any]:
    """Yield what stands under `code` anywhere in `value`."""
    if isinstance(value, dict):
        if "code" in value:
            yield value["code"]
        for one in value.values():
            yield from _codes(one)
    elif isinstance(value, list):
        for one in value:
            yield from _codes(one)
