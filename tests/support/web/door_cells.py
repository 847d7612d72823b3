"""What a table of doors and rules is made of: cells, rows, and words for what a row changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.support.web.doors import Door, Reply, Sent

GRAPHQL_POST, GRAPHQL_GET, WEBSOCKET = Door.GRAPHQL_POST, Door.GRAPHQL_GET, Door.WEBSOCKET
REST_JSON, REST_NDJSON, REST_CSV = Door.REST_JSON, Door.REST_NDJSON, Door.REST_CSV
REST_PROGRESS, REST_RESULTS = Door.REST_PROGRESS, Door.REST_RESULTS
REST_LIST, REST_PRODUCTS, REST_LEDGER = Door.REST_LIST, Door.REST_PRODUCTS, Door.REST_LEDGER
REST_CANCEL, REST_RETRY = Door.REST_CANCEL, Door.REST_RETRY
CONVEX_MUTATION, CONVEX_QUERY = Door.CONVEX_MUTATION, Door.CONVEX_QUERY

GRAPHQL, CONVEX = (GRAPHQL_POST, GRAPHQL_GET, WEBSOCKET), (CONVEX_MUTATION, CONVEX_QUERY)
REST_BODIES = (REST_JSON, REST_NDJSON, REST_CSV)
REST_CHANGES = (REST_CANCEL, REST_RETRY)
REST_FILES = (REST_RESULTS, REST_PRODUCTS, REST_LEDGER)
REST_READS = (REST_PROGRESS, REST_LIST, *REST_FILES)
BODIES = (GRAPHQL_POST, *REST_BODIES, *REST_CHANGES, *CONVEX)
IN_JSON = (GRAPHQL_POST, REST_JSON, *REST_CHANGES, *CONVEX)
BY_GET = (GRAPHQL_GET, *REST_READS)
READS = (*BY_GET, CONVEX_QUERY)
OVER_HTTP = tuple(door for door in Door if door is not WEBSOCKET)
SUBMISSIONS = (*REST_BODIES, REST_RETRY)
KEYED = (GRAPHQL_POST, *SUBMISSIONS, CONVEX_MUTATION)


@dataclass(frozen=True, slots=True)
class DoesNotApply:
    """A cell without an answer, and the reason."""

    reason: str


Cell = Reply | DoesNotApply
Cells = Mapping[Door, Cell]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: what is sent in place of a well-formed request, and what each door answers.

    The answer is that to the last of several requests. `fault` is what the use cases fail with;
    with `stops` they never end, and the server cancels the request as it does when it stops.
    """

    cells: Cells
    change: Callable[[Door, Sent], Sent | Sequence[Sent]] = lambda _door, sent: sent
    argument: str | None = None
    fault: Callable[[], Exception] | None = None
    stops: bool = False


def cells(*columns: Cells) -> Cells:
    """Return the cells of a row; a door stands in one column alone."""
    row: dict[Door, Cell] = {}
    for column in columns:
        assert not row.keys() & column.keys()
        row |= column
    return row


def taken(at: Iterable[Door], **fields: Any) -> Cells:
    """Return the answers to requests that are taken."""
    return {
        door: Reply(
            status=0 if door is WEBSOCKET else 201 if door in SUBMISSIONS else 200, **fields
        )
        for door in at
    }


def refused(status: int, code: str, message: str, at: Iterable[Door], **fields: Any) -> Cells:
    """Return refusals of what never reaches a use case. GraphQL has one code for all of them."""
    graphql = "BAD_INPUT" if status < 500 else code
    return {
        door: Reply(
            status=status,
            code=graphql if door in GRAPHQL else code,
            message=message,
            retry_after_seconds=_seconds(fields.get("retry_after")) if door in GRAPHQL else None,
            **fields,
        )
        for door in at
    }


def failed(
    status: int, code: str, message: str, at: Iterable[Door] = Door, retry_after: str | None = None
) -> Cells:
    """Return refusals by a use case: data over GraphQL and Convex, a status over REST alone."""
    row: dict[Door, Cell] = {}
    for door in at:
        if door in (*GRAPHQL, *CONVEX):
            row[door] = Reply(
                status=0 if door is WEBSOCKET else 200,
                code=code,
                message=message,
                retry_after_seconds=_seconds(retry_after),
            )
        else:
            row[door] = Reply(status=status, code=code, message=message, retry_after=retry_after)
    return row


def _seconds(retry_after: str | None) -> int | None:
    return None if retry_after is None else int(retry_after)


def closed(reason: str) -> Cells:
    """Return the end of a WebSocket."""
    return {WEBSOCKET: Reply(status=4400, code="CLOSED", message=reason)}


def not_for(at: Iterable[Door], reason: str) -> Cells:
    """Return cells without an answer."""
    return {door: DoesNotApply(reason) for door in at}


def header(name: str, *values: str) -> Callable[[Door, Sent], Sent]:
    """Send these headers in place of others of that name."""
    return lambda _door, sent: sent.with_header(name, *values)


def body(change: Callable[[bytes], bytes]) -> Callable[[Door, Sent], Sent]:
    """Send another body."""
    return lambda _door, sent: replace(sent, body=change(sent.body))


def method(name: str) -> Callable[[Door, Sent], Sent]:
    """Send the request by another method."""
    return lambda _door, sent: replace(sent, method=name)


TYPE, ENCODING, KEY = "content-type", "content-encoding", "idempotency-key"


def twice(_door: Door, sent: Sent) -> Sequence[Sent]:
    """Send a key of the door's own twice, the second time with white space around it."""
    key = _door.name
    return [sent.with_header(KEY, key), sent.with_header(KEY, f" {key}\t")]


def media_type(suffix: str) -> Callable[[Door, Sent], Sent]:
    """Send the door's media type with capital letters, and `suffix` behind it."""

    def change(_door: Door, sent: Sent) -> Sent:
        ((_, name),) = sent.headers
        return sent.with_header(TYPE, name.title() + suffix)

    return change


def two_media_types(_door: Door, sent: Sent) -> Sent:
    """Send the door's media type in two headers."""
    ((_, name),) = sent.headers
    return sent.with_header(TYPE, name, name)


def accepting(door: Door, sent: Sent) -> Sent:
    """Accept in a second header what the door answers."""
    return sent.with_header(
        "accept", "image/png", "text/csv" if door in REST_FILES else "application/json"
    )
