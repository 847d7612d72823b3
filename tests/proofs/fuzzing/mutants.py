"""Requests to send: well-formed ones, and mutants of them. A seed and a number make the same again,
apart from the ids of batches, which the server gives.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import quote

from tests.proofs.fuzzing import documents, headers, values
from tests.proofs.fuzzing.wishes import GRAPHQL, Material, Wish, wish
from tests.support.web.door_cells import REST_READS
from tests.support.web.doors import Door, Sent

_WELL_FORMED = 0.3  # the share of requests that stay as they are
_HANG_UPS = 0.01
_PIECES = [
    b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\n" * 5_000, b"\r\n" * 3_000, b"\x00", b"\xff",
    b"\xc3", b"\xed\xa0\x80", b'"', b'""', b",", b",,,,", b"{", b"}", b"[", b"]", b"\\", b"\\u",
    b"\\ud800", b"\t", b"\x1f", b"=", b"null", b"9" * 5_000, b"1e400", b"'", b"#", b" " * 3_000,
]  # fmt: skip
_CELLS = [
    "", " ", '"', '""', '"a', 'a"b', '"a""b"', '"a\nb"', '"a\r\nb"', '"a\rb"', "\r", "a\rb", '"",',
    "=1+1", "-0", "1e400", "5.0", "0.5", "NaN", "7" * 5_000, "true", "TRUE", "null", "Cafe\u0301",
    "\x00", "\u202e", "\ufeff", "z" * 20_000, "f" * 23, "productId", "result.index", "[1]", "{}",
]  # fmt: skip
_PARAMETERS = [
    ("batchSize", "1"), ("batchSize", "0"), ("batchSize", "1e400"), ("batchSize", "9" * 4_999),
    ("newPrice", "-0"), ("newPrice", "NaN"), ("expireIn", "86400000"), ("expireIn", ""),
    ("cascadeDelete", "yes"), ("format", "xml"), ("format", ""), ("success", "1"), ("results", ""),
    ("results", "false"), ("x", "y"), ("", ""), ("variables", "[]"), ("variables", "null"),
    ("operationName", "Q"), ("extensions", "{"), ("query", ""), ("\ud800", "\udfff"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request to a door. `hangs_up` says that the client does not wait for the answer."""

    door: Door
    number: int
    sent: Sent
    hangs_up: bool

    def __str__(self) -> str:
        return f"{self.door.name} {self.number}"


def attempt(door: Door, seed: int, number: int, material: Material) -> Attempt:
    """Return the request of this number."""
    random = Random(f"{seed}/{door.name}/{number}")
    wished = wish(door, random, material)
    if random.random() < _WELL_FORMED:
        return Attempt(door, number, _written(door, wished, random, is_odd=False), False)
    hangs_up = door is not Door.WEBSOCKET and random.random() < _HANG_UPS
    for _ in range(random.choice([1, 1, 1, 2])):
        random.choice(_changes(door))(wished, random)
    sent = _written(door, wished, random, is_odd=random.random() < 0.3)
    if sent.body and random.random() < 0.25:
        sent = replace(sent, body=_bytes(sent.body, random))
    return Attempt(door, number, sent, hangs_up)


def _changes(door: Door) -> list[Callable[[Wish, Random], None]]:
    if door is Door.WEBSOCKET:
        return [_document, _content, _envelope]
    if door is Door.GRAPHQL_GET:
        return [_document, _content, _parameters, _headers]
    if door is Door.GRAPHQL_POST:
        return [_document, _document, _content, _content, _headers]
    if door in REST_READS:
        return [_path, _parameters, _headers]
    if door is Door.REST_CSV:
        return [_table, _table, _table, _parameters, _headers]
    return [_content, _content, _content, _parameters, _headers]


def _document(made: Wish, random: Random) -> None:
    request = made.content.get("payload", made.content) if isinstance(made.content, dict) else None
    if isinstance(request, dict) and isinstance(request.get("query"), str):
        request["query"] = documents.mutated(request["query"], random)


def _content(made: Wish, random: Random) -> None:
    made.content = values.mutated(made.content, random)


def _envelope(made: Wish, random: Random) -> None:
    if not isinstance(made.content, dict):
        return
    name = random.choice(["id", "type", "payload"])
    made.content[name] = random.choice(
        ["", "1", 1, None, "x" * 201, "ping", "pong", "complete", "connection_init", "next", {}, []]
    )


def _table(made: Wish, random: Random) -> None:
    rows: list[list[str]] = made.content
    row = random.choice(rows) if rows else []
    match random.randrange(6):
        case 0 | 1 if row:
            row[random.randrange(len(row))] = random.choice(_CELLS)
        case 2:
            row.insert(random.randrange(len(row) + 1), random.choice(_CELLS))
        case 3 if row:
            row.pop()
        case 4:
            rows.insert(random.randrange(len(rows) + 1), [])
        case _:
            made.content = rows * random.choice([0, 2, 50]) if len(rows) < 1_000 else rows


def _parameters(made: Wish, random: Random) -> None:
    pair = random.choice(_PARAMETERS)
    given = made.parameters
    if given and random.random() < 0.4:
        place = random.randrange(len(given))
        name, value = given[place]
        given[place] = random.choice([(name, pair[1]), (name, ""), (name + "x", value), pair])
    elif given and random.random() < 0.4:
        given.append(random.choice(given))
    else:
        given.append(pair)


def _headers(made: Wish, random: Random) -> None:
    headers.mutate(made, random)


def _path(made: Wish, random: Random) -> None:
    """Change the id in the path."""
    parts = re.split(r"([0-9a-f]{24})", made.path, maxsplit=1)
    if len(parts) < 3:
        return  # it has been changed already
    base, number, rest = parts
    place = random.randrange(24)
    other = random.choice(
        [
            number.upper(), number[:place], number + "0", "", "%00", "..", "%2e%2e", "é", "%ff",
            number[:place] + "g" + number[place + 1 :], "f" * 24, "batch-update-stock", "a" * 9_000,
            number + "/", number + "%2F", number + ";x", number + "%", "%E2%80%AE",
        ]
    )  # fmt: skip
    made.path = base + quote(other, safe="%/.;") + rest


def _written(door: Door, made: Wish, random: Random, *, is_odd: bool) -> Sent:
    """Return the request in bytes; an odd one has other line breaks, or odd escapes in its URL."""
    line_break = random.choice(["\n", "\r\n", "\r", "\n\n", " \n"]) if is_odd else "\n"
    parameters, body = list(made.parameters), b""
    if door is Door.GRAPHQL_GET:
        parameters = [*_as_parameters(made.content), *parameters]
    elif door is Door.REST_CSV:
        body = _encoded(line_break.join(",".join(row) for row in made.content) + line_break)
    elif door is Door.REST_NDJSON and isinstance(made.content, list):
        body = _encoded(line_break.join(map(values.written, made.content)) + line_break)
    elif made.content is not None:
        body = _encoded(values.written(made.content))
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in parameters)
    if is_odd and query and door not in GRAPHQL:
        query = random.choice([query + "&", "&" + query, query + "=%zz", query + "%", "%" + query])
    return Sent(
        method=made.method, path=made.path, query=query, headers=tuple(made.headers), body=body
    )


def _as_parameters(content: Any) -> list[tuple[str, str]]:
    if not isinstance(content, dict):
        return [("query", values.written(content))]
    return [
        (str(name), value if isinstance(value, str) else values.written(value))
        for name, value in content.items()
    ]


def _quoted(text: str) -> str:
    return quote(_encoded(text))


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _bytes(body: bytes, random: Random) -> bytes:
    """Flip, cut, double or insert bytes at a random place."""
    place = random.randrange(len(body))
    end = min(len(body), place + random.randint(1, 30))
    match random.randrange(6):
        case 0 | 1:
            flipped = bytes([body[place] ^ (1 << random.randrange(8))])
            return body[:place] + flipped + body[place + 1 :]
        case 2:
            return body[:place]
        case 3:
            return body[:end] + body[place:]
        case 4:
            return body[:place] + body[end:]
    return body[:place] + random.choice(_PIECES) + body[place:]
