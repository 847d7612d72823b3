"""The requests of a document, each with the answer that the document shows.

A block of `graphql`, or of `sh` with a `curl` to `/graphql`, is a request. `json variables` or
`python variables` (an expression, for what is too long to write out) may follow it, and a block of
`json` must: its answer. A comment `clock: …` sets the clock, `sweep` deletes what has expired, and
`work` runs the background batches. A request may name an id that the server has made up before.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

_FENCE = re.compile(r"^```(?P<info>.*)\n(?P<body>(?:(?!```).*\n)*)```$")
_TOKEN = re.compile(
    r"^```.*\n(?:(?!```).*\n)*```$|^#+ .+$|^<!-- (?:clock: \S+|sweep|work) -->$", re.MULTILINE
)
_ID = re.compile(r"\b[0-9a-fA-F]{24}\b")


class BadDocument(Exception):
    """A block stands where it has no meaning; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """`line` is where it stands in the document, `section` the anchor of the heading above it."""

    line: int
    section: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Example:
    request: Request
    answer: Any


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
    """`commands` are the blocks of `sh` that are no requests, and `blocks` counts all of them."""

    steps: tuple[Step, ...]
    commands: tuple[str, ...]
    blocks: int

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(step for step in self.steps if isinstance(step, Example))

    def ids(self) -> frozenset[str]:
        """Every id that a request names, and no answer before it."""
        named: set[str] = set()
        told: set[str] = set()
        for example in self.examples:
            request = example.request
            text = request.query + json.dumps(dict(request.variables))
            named.update(one for one in _ID.findall(text) if one not in told)
            told.update(one for one in _ID.findall(json.dumps(example.answer)) if one not in named)
        return frozenset(named)


def parse(text: str) -> Document:
    """The document, every block of which is accounted for.

    Raises:
        BadDocument: a request has no answer, an answer no request, or a block no meaning.
    """
    reader = _Reader()
    for token in _TOKEN.finditer(text):
        reader.read(token.group(), line=text.count("\n", 0, token.start()) + 1)
    reader.expect_no_request()
    return Document(
        steps=tuple(reader.steps), commands=tuple(reader.commands), blocks=reader.blocks
    )


class _Reader:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.commands: list[str] = []
        self.blocks = 0
        self._section = ""
        self._request: Request | None = None

    def read(self, token: str, line: int) -> None:
        if fence := _FENCE.match(token):
            self.blocks += 1
            self._read_block(fence["info"], fence["body"], line)
        elif token.startswith("#"):
            self._section = anchor(token)
        else:
            self.expect_no_request()
            self.steps.append(_event(token))

    def expect_no_request(self) -> None:
        if self._request:
            raise BadDocument(f"The request of line {self._request.line} has no answer.")

    def _read_block(self, info: str, body: str, line: int) -> None:
        match info:
            case "graphql":
                self._begin(Request(line=line, section=self._section, query=body))
            case "sh" if "/graphql" in body:
                query, variables = _curled(body)
                self._begin(
                    Request(line=line, section=self._section, query=query, variables=variables)
                )
            case "sh":
                self.expect_no_request()
                self.commands.append(body)
            case "json variables" if self._request and not self._request.variables:
                self._request = replace(self._request, variables=json.loads(body))
            case "python variables" if self._request and not self._request.variables:
                self._request = replace(self._request, variables=eval(body))  # noqa: S307 - our own
            case "json" if self._request:
                self.steps.append(Example(request=self._request, answer=json.loads(body)))
                self._request = None
            case _:
                raise BadDocument(f"The block of line {line} ({info}) has no meaning there.")

    def _begin(self, request: Request) -> None:
        self.expect_no_request()
        self._request = request


def anchor(heading: str) -> str:
    """What a link to the heading ends with, as GitHub makes it."""
    words = heading.lstrip("#").strip().lower().replace(" ", "-")
    return re.sub(r"[^\w-]", "", words)


def _event(comment: str) -> Step:
    words = comment.split()
    if words[1] == "sweep":
        return Sweep()
    return Work() if words[1] == "work" else Clock(moment=datetime.fromisoformat(words[2]))


def _curled(command: str) -> tuple[str, Mapping[str, Any]]:
    """What a `curl` with `-d` or with `--data-urlencode` sends."""
    words = shlex.split(command)
    if "-d" in words:
        body = json.loads(words[words.index("-d") + 1])
        return body["query"], body.get("variables", {})
    return words[words.index("--data-urlencode") + 1].removeprefix("query="), {}


class Shown:
    """A real answer as the document would show it.

    The one thing that the document cannot know is an id that the server makes up. It shows one all
    the same: 24 hexadecimal characters that neither its requests nor the samples name. There, any
    such id is as good, as long as it is the same one wherever the document shows the same one.
    All else is shown as it is.
    """

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._real: dict[str, str] = {}

    def asked(self, request: Request) -> tuple[str, Mapping[str, Any]]:
        """The query and its variables, with the real ids in place of those that were made up."""
        query, variables = request.query, json.dumps(dict(request.variables))
        for documented, real in self._real.items():
            query, variables = (
                query.replace(documented, real),
                variables.replace(documented, real),
            )
        return query, json.loads(variables)

    def show(self, real: Any, documented: Any) -> Any:
        match real, documented:
            case dict(), dict():
                return {key: self.show(one, documented.get(key)) for key, one in real.items()}
            case list(), list() if len(real) == len(documented):
                return [self.show(*pair) for pair in zip(real, documented, strict=True)]
            case str(), str() if self._is_made_up(real) and self._is_made_up(documented):
                return documented if self._real.setdefault(documented, real) == real else real
            case str(), str():
                return self._in_text(real)
        return real

    def _in_text(self, text: str) -> str:
        """A message may name an id that was shown before."""
        for documented, real in self._real.items():
            text = text.replace(real, documented)
        return text

    def _is_made_up(self, text: str) -> bool:
        return _ID.fullmatch(text) is not None and text not in self._known


def as_text(answer: Any) -> str:
    """By which two answers are compared: 1, 1.0 and true are not the same."""
    return json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False)


def altered(answer: Any) -> Iterator[Any]:
    """The answer with one of its values changed, for each of them."""
    match answer:
        case dict():
            for key, value in answer.items():
                yield from (answer | {key: one} for one in altered(value))
                yield {name: one for name, one in answer.items() if name != key}
        case list():
            yield [*answer, None]
            for place, value in enumerate(answer):
                yield from ([*answer[:place], one, *answer[place + 1 :]] for one in altered(value))
        case bool() | None:
            yield not answer
        case int():
            yield answer + 1
        case str():
            yield answer + "x"
