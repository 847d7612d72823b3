"""The requests of a document, each with the answer that the document shows.

A block of `graphql`, or of `sh` that begins with `curl`, is a request. `json variables` or
`python variables` (an expression, for what is too long to write out) may follow it, and a block of
`json`, `csv` or `http` (status, headers, body; for `curl -i`) must: its answer. A block of `js` is
a program, and the block of `text` after it is what the program prints. A comment `clock: …` sets
the clock, `sweep` deletes what has expired, and `work` runs the background batches. A request may
name an id that the server has made up before.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tests.support.curl import NotACurl, Request, curl_request, graphql_request

_FENCE = re.compile(r"^```(?P<info>.*)\n(?P<body>(?:(?!```).*\n)*)```$")
_TOKEN = re.compile(
    r"^```.*\n(?:(?!```).*\n)*```$|^#+ .+$|^<!-- (?:clock: \S+|sweep|work) -->$", re.MULTILINE
)
_ID = re.compile(r"\b[0-9a-fA-F]{24}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class BadDocument(Exception):
    """A block stands where it has no meaning; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A request and its answer. `line` is its place in the document, `section` the anchor of the
    heading above it."""

    line: int
    section: str
    request: Request
    answer: Any

    def answer_of(self, response: httpx.Response) -> Any:
        """Return a real answer in the form of the documented one: with the same headers, if any."""
        is_json = "json" in response.headers["content-type"].partition(";")[0]
        body = response.json() if is_json else response.text.replace("\r\n", "\n")
        if not self.request.with_head:
            return body if response.is_success else {"status": response.status_code, "body": body}
        shown = self.answer["headers"]
        return {
            "body": body,  # first: it teaches the ids that a header names, too
            "status": f"HTTP/1.1 {response.status_code} {response.reason_phrase}",
            "headers": {name: response.headers.get(name) for name in shown},
        }


@dataclass(frozen=True, kw_only=True)
class Program:
    """JavaScript, and what it prints."""

    line: int
    source: str
    output: str


@dataclass(frozen=True, kw_only=True)
class Clock:
    moment: datetime


@dataclass(frozen=True)
class Sweep:
    pass


@dataclass(frozen=True)
class Work:
    pass


Step = Example | Clock | Sweep | Work


@dataclass(frozen=True, kw_only=True)
class Document:
    """`commands` are the blocks of `sh` that are no requests, and `blocks` counts all blocks."""

    steps: tuple[Step, ...]
    programs: tuple[Program, ...]
    commands: tuple[str, ...]
    blocks: int

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(step for step in self.steps if isinstance(step, Example))

    def ids(self) -> frozenset[str]:
        """Return every id that a request names before an answer shows it."""
        named: set[str] = set()
        shown: set[str] = set()
        for example in self.examples:
            named.update(set(_ID.findall(example.request.text)) - shown)
            shown.update(set(_ID.findall(json.dumps(example.answer))) - named)
        return frozenset(named)


def parse(text: str) -> Document:
    """Return the document, with every block of it accounted for.

    Raises:
        BadDocument: a request has no answer, an answer no request, or a block no meaning.
    """
    reader = _Reader()
    for token in _TOKEN.finditer(text):
        reader.read(token.group(), line=text.count("\n", 0, token.start()) + 1)
    reader.expect_nothing_open()
    return Document(
        steps=tuple(reader.steps),
        programs=tuple(reader.programs),
        commands=tuple(reader.commands),
        blocks=reader.blocks,
    )


@dataclass(frozen=True, kw_only=True)
class _Open:
    """A request, or the source of a program, whose counterpart must be the next block."""

    line: int
    request: Request | None = None
    source: str = ""


class _Reader:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.programs: list[Program] = []
        self.commands: list[str] = []
        self.blocks = 0
        self._section = ""
        self._open: _Open | None = None

    def read(self, token: str, line: int) -> None:
        if fence := _FENCE.match(token):
            self.blocks += 1
            self._read_block(fence["info"], fence["body"], line)
        elif token.startswith("#"):
            self._section = anchor(token)
        else:
            self.expect_nothing_open()
            self.steps.append(_event(token))

    def expect_nothing_open(self) -> None:
        if self._open:
            what = "request" if self._open.request else "program"
            raise BadDocument(f"The {what} of line {self._open.line} has no answer.")

    def _read_block(self, info: str, body: str, line: int) -> None:
        request = self._open.request if self._open else None
        has_variables = request is not None and '"variables": {}' not in request.content
        match info:
            case "graphql":
                self._begin(_Open(line=line, request=graphql_request(body)))
            case "sh" if body.startswith("curl"):
                self._begin(_Open(line=line, request=_curled(body, line)))
            case "js":
                self._begin(_Open(line=line, source=body))
            case "sh":
                self.expect_nothing_open()
                self.commands.append(body)
            case "json variables" | "python variables" if request and not has_variables:
                self._set_variables(request, _VARIABLES[info](body))
            case "json" | "csv" | "http" if request and request.with_head == (info == "http"):
                self._answer(request, _ANSWERS[info](body))
            case "text" if self._open and self._open.source:
                opened, self._open = self._open, None
                self.programs.append(Program(line=opened.line, source=opened.source, output=body))
            case _:
                raise BadDocument(f"The block of line {line} ({info}) has no meaning there.")

    def _begin(self, opened: _Open) -> None:
        self.expect_nothing_open()
        self._open = opened

    def _set_variables(self, request: Request, variables: Mapping[str, Any]) -> None:
        assert self._open
        query = json.loads(request.content)["query"]
        self._open = _Open(line=self._open.line, request=graphql_request(query, variables))

    def _answer(self, request: Request, answer: Any) -> None:
        assert self._open
        self.steps.append(
            Example(line=self._open.line, section=self._section, request=request, answer=answer)
        )
        self._open = None


def anchor(heading: str) -> str:
    """Return what a link to the heading ends with, as GitHub makes it."""
    words = heading.lstrip("#").strip().lower().replace(" ", "-")
    return re.sub(r"[^\w-]", "", words)


def _event(comment: str) -> Step:
    words = comment.split()
    if words[1] == "sweep":
        return Sweep()
    return Work() if words[1] == "work" else Clock(moment=datetime.fromisoformat(words[2]))


def _curled(command: str, line: int) -> Request:
    try:
        return curl_request(command)
    except NotACurl as error:
        raise BadDocument(f"The command of line {line}: {error}") from error


def _answer_with_head(block: str) -> dict[str, Any]:
    head, _, body = block.partition("\n\n")
    status, *headers = head.splitlines()
    return {
        "status": status,
        "headers": dict(line.split(": ", 1) for line in headers),
        "body": json.loads(body),
    }


_VARIABLES: Mapping[str, Callable[[str], Any]] = {
    "json variables": json.loads,
    "python variables": eval,  # our own
}
_ANSWERS: Mapping[str, Callable[[str], Any]] = {
    "json": json.loads,
    "csv": str,
    "http": _answer_with_head,
}


class Shown:
    """A real answer as the document would show it.

    The document cannot know an id that the server makes up. It shows one all the same: 24
    hexadecimal characters that neither its requests nor the samples name. There, any such id is as
    good, as long as it is the same one wherever the document shows the same one. With `any_time`
    the same holds for a time, which may even differ each time. All else is shown as it is.
    """

    def __init__(self, known: frozenset[str], *, any_time: bool = False) -> None:
        self._known = known
        self._any_time = any_time
        self._real: dict[str, str] = {}

    def asked(self, request: Request) -> Request:
        """Return the request with the real ids in place of those that the document made up."""
        return request.with_ids(self._real)

    def show(self, real: Any, documented: Any) -> Any:
        match real, documented:
            case dict(), dict():
                return {key: self.show(value, documented.get(key)) for key, value in real.items()}
            case list(), list() if len(real) == len(documented):
                return [self.show(*pair) for pair in zip(real, documented, strict=True)]
            case str(), str() if self._is_made_up(real) and self._is_made_up(documented):
                return documented if self._real.setdefault(documented, real) == real else real
            case str(), str() if self._any_time and _TIME.fullmatch(real):
                return documented if _TIME.fullmatch(documented) else real
            case str(), str():
                return self._in_text(real, documented)
        return real

    def _in_text(self, text: str, shown: str) -> str:
        """Return a text, such as a message, a link or a file, with the documented ids and times."""
        for documented, real in self._real.items():
            text = text.replace(real, documented)
        times = iter(_TIME.findall(shown) if self._any_time else ())
        return _TIME.sub(lambda real: next(times, real[0]), text)

    def _is_made_up(self, text: str) -> bool:
        return _ID.fullmatch(text) is not None and text not in self._known


def as_text(answer: Any) -> str:
    """Return a text by which two answers are compared: 1, 1.0 and true are not the same."""
    return json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False)


def altered(answer: Any) -> Iterator[Any]:
    """Yield the answer with one of its values changed, for each of them."""
    match answer:
        case dict():
            for key, value in answer.items():
                yield from (answer | {key: change} for change in altered(value))
                yield {name: other for name, other in answer.items() if name != key}
        case list():
            yield [*answer, None]
            for place, value in enumerate(answer):
                before, after = answer[:place], answer[place + 1 :]
                yield from ([*before, change, *after] for change in altered(value))
        case bool() | None:
            yield not answer
        case int():
            yield answer + 1
        case str():
            yield answer + "x"
