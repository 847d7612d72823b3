"""A body of JSON: a list of items and options, as in the input of `submitBatch`."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from server.domain.errors import BadInput
from server.domain.item_result import Input
from server.domain.text import shown
from server.rest import json_value
from server.rest.item_shape import unknown_names
from server.rest.kind import Kind
from server.rest.refusal import Refused, bad_input

MOST_ITEMS = 100_000


async def read_whole(body: AsyncIterator[bytes], most: int) -> bytes:
    """
    Raises:
        Refused: it has more than `most` bytes.
    """
    pieces: list[bytes] = []
    received = 0
    async for piece in body:
        received += len(piece)
        if received > most:
            raise Refused(
                413,
                "REQUEST_TOO_LARGE",
                f"The request is larger than {most} bytes: send less, or NDJSON or CSV, which may "
                "be of any length.",
            )
        pieces.append(piece)
    return b"".join(pieces)


def read_object(body: bytes) -> dict[str, Any]:
    """
    Raises:
        Refused: it is no JSON object.
    """
    try:
        sent = json_value.parse(body)
    except BadInput as error:
        raise bad_input([f"The body {error}."]) from error
    if not isinstance(sent, dict):
        raise bad_input(["The body is not a JSON object."])
    return sent


def items_of(kind: Kind, sent: dict[str, Any], faults: list[str]) -> Sequence[Input]:
    """The items; what is wrong with their form, or with the names in the body, is in `faults`."""
    known = [kind.items, *sorted(kind.options)]
    faults += [
        f"There is no key {shown(name)}: there may be {', '.join(known)}."
        for name in sent
        if name not in known
    ]
    items = sent.get(kind.items)
    if not isinstance(items, list) or not items:
        faults.append(f"{kind.items} {_no_list(items)}: give a list of 1 to {MOST_ITEMS} items.")
        return []
    if len(items) > MOST_ITEMS:
        faults.append(
            f"{kind.items} has {len(items)} items: at most {MOST_ITEMS} are allowed. NDJSON and "
            "CSV may be of any length."
        )
        return []
    if kind.is_of_ids:
        return _ids(kind, items, faults)
    return _objects(kind, items, faults)


def _no_list(items: object) -> str:
    if items is None:
        return "is missing"
    return "is empty" if isinstance(items, list) else "is not a list"


def _ids(kind: Kind, items: list[Any], faults: list[str]) -> Sequence[Input]:
    faults += [
        f"{kind.items}[{place}] is not a text: an id is 24 hexadecimal characters."
        for place, item in enumerate(items)
        if not isinstance(item, str)
    ]
    return [{"productId": item} for item in items]


def _objects(kind: Kind, items: list[Any], faults: list[str]) -> Sequence[Input]:
    for place, item in enumerate(items):
        wrong = unknown_names(kind, item) if isinstance(item, dict) else ["is not an object"]
        faults += [f"{kind.items}[{place}] {fault}." for fault in wrong]
    return items
