"""HTTP requests, as a `curl` command or a block of GraphQL writes them."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

_URL = re.compile(r"http://127\.0\.0\.1:8000(?P<path>/[^?]*)(?:\?(?P<query>.*))?$")
_SWITCHES = {"-s": "s", "-i": "i", "-G": "G", "-sG": "sG"}
_WITH_A_VALUE = {"-H", "-d", "--data-binary", "--data-urlencode"}


class NotACurl(Exception):
    """The command cannot be translated; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """`with_head` asks for the answer's status and headers as well, as `curl -i` does."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    with_head: bool = False

    @property
    def text(self) -> str:
        """Everything that the request says, not encoded for a URL."""
        return "\n".join([self.path, *self.params.values(), self.content])

    def with_ids(self, ids: Mapping[str, str]) -> "Request":
        """Return the request with each id that is a key of `ids` replaced by its value."""

        def replaced(text: str) -> str:
            for documented, real in ids.items():
                text = text.replace(documented, real)
            return text

        return replace(
            self,
            path=replaced(self.path),
            params={name: replaced(value) for name, value in self.params.items()},
            content=replaced(self.content),
        )

    def built(self, base_url: str) -> httpx.Request:
        return httpx.Request(
            self.method,
            base_url + self.path,
            params=dict(self.params),
            headers=dict(self.headers),
            content=self.content,
        )


def graphql_request(query: str, variables: Mapping[str, Any] | None = None) -> Request:
    return Request(
        method="POST",
        path="/graphql",
        headers={"content-type": "application/json"},
        content=json.dumps({"query": query, "variables": variables or {}}),
    )


def curl_request(command: str) -> Request:
    """Return what the command would send to the address of `make run`.

    Raises:
        NotACurl: it is several commands, calls another address, or has an unknown option.
    """
    words = iter(shlex.split(command.replace("\\\n", " ")))
    if next(words) != "curl":
        raise NotACurl("The command does not begin with curl.")
    switches, headers, params, content, url = "", {}, {}, "", ""
    for word in words:
        if word in _SWITCHES:
            switches += _SWITCHES[word]
        elif word in _WITH_A_VALUE:
            value = next(words)
            if word == "-H":
                name, _, text = value.partition(": ")
                headers[name] = text
            elif word == "--data-urlencode":
                name, _, text = value.partition("=")
                params[name] = text
            else:
                content = value
        elif word.startswith("-") or url:
            raise NotACurl(f"This is not understood: {word}")
        else:
            url = word
    found = _URL.match(url)
    if not found:
        raise NotACurl(f"This is not an address of `make run`: {url}")
    return Request(
        method="POST" if content else "GET",
        path=found["path"],
        params=params | dict(httpx.QueryParams(found["query"] or "")),
        headers=headers,
        content=content,
        with_head="i" in switches,
    )
