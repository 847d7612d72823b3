"""The request that is being answered: where it came in, and how it ended."""

import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Final

from server.domain.request_id import request_id_of, reset_request_id, set_request_id

OK: Final = "OK"
CLIENT_LEFT: Final = "CLIENT_LEFT"  # the caller hung up before the answer

OnAnswered = Callable[[str, str, float], None]  # takes the door, the code and the seconds


def not_measured(_door: str, _code: str, _seconds: float) -> None:
    """Ignore a request that was answered."""


@dataclass(slots=True)
class CurrentRequest:
    """A request at a door: graphql, websocket, rest or convex. Its block answers it.

    `code` is that of the refusal, or of the first error in the answer.
    """

    door: str
    on_answered: OnAnswered
    request_id: str
    code: str = OK
    _began: float = field(default_factory=time.perf_counter)
    _is_answered: bool = False
    _tokens: tuple[Token[str | None], Token["CurrentRequest | None"]] | None = None

    def __enter__(self) -> "CurrentRequest":
        self._tokens = (set_request_id(self.request_id), _current.set(self))
        return self

    def __exit__(self, *_: object) -> None:
        if self._tokens is not None:
            request_id, request = self._tokens
            _current.reset(request)
            reset_request_id(request_id)
        self.answered()

    @property
    def is_answered(self) -> bool:
        """Return whether the request has got an answer, or the first of several."""
        return self._is_answered

    def answered(self) -> None:
        """Report the request as answered. Only the first call counts."""
        if not self._is_answered:
            self._is_answered = True
            self.on_answered(self.door, self.code, time.perf_counter() - self._began)


_current: ContextVar[CurrentRequest | None] = ContextVar("request", default=None)


def request_at(door: str, on_answered: OnAnswered, request_id: str | None = None) -> CurrentRequest:
    """Return a request to be answered in its block. Its id is `request_id`, or a new one."""
    return CurrentRequest(door, on_answered, request_id or request_id_of(None))


def note_code(code: str) -> None:
    """Note why the current request got no result, or one with errors."""
    request = _current.get()
    if request is not None:
        request.code = code


def note_errors(errors: object) -> None:
    """Note the code of the first of GraphQL's errors, as they stand in an answer."""
    match errors:
        case [{"extensions": {"code": str(code)}}, *_]:
            note_code(code)
        case [_, *_]:
            note_code("BAD_INPUT")


def note_answer(errors: object) -> None:
    """Report the current request as answered, with these of GraphQL's errors."""
    request = _current.get()
    if request is not None:
        note_errors(errors)
        request.answered()
