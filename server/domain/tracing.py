"""Spans of requests, chunks and commands, as far as a tracer makes them. By default none does.

A span has names and numbers that the server itself chose, and nothing that a caller has sent.
"""

# ruff: noqa: ARG002 - what traces nothing needs no argument

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

Origin = object  # a place in a trace, as the tracer knows it
NoteCode = Callable[[str], None]  # takes the code with which a request ended
EndCommand = Callable[[str | None], None]  # takes the kind of error, or None


def _note_nothing(_code: str) -> None: ...


_NO_REQUEST: Final = nullcontext[NoteCode](_note_nothing)
_NO_SPAN: Final = nullcontext()


class Tracer:
    """Traces nothing. `server.tracing` has a tracer that makes spans."""

    is_on = False

    def request(self, door: str, traceparent: str | None) -> AbstractContextManager[NoteCode]:
        """Return the span of a request; its block answers it.

        Args:
            traceparent: the header of that name, which says of which trace the request is a part.
        """
        return _NO_REQUEST

    def chunk(
        self, mutation: str, items: int, others: Sequence[Origin | None] = ()
    ) -> AbstractContextManager[None]:
        """Return the span of a chunk. `others` are requests that share it with the current one."""
        return _NO_SPAN

    def stored_chunk(self, kind: str, cause: str | None) -> AbstractContextManager[None]:
        """Return the span of a run of a stored chunk. `cause` is the trace that submitted it."""
        return _NO_SPAN

    def command(self, name: str, database: str, collection: str | None) -> EndCommand | None:
        """Begin the span of a command to MongoDB; return what ends it, or None if there is none."""
        return None

    def here(self) -> Origin | None:
        """Return the current place in a trace; None outside of any."""
        return None

    def resume(self, origin: Origin | None) -> None:
        """Make a place in a trace the current one, for the rest of the task."""

    def traceparent(self) -> str | None:
        """Return the current place in a trace in the form of the header; None outside of any."""
        return None

    def ids(self) -> tuple[str, str] | None:
        """Return the ids of the current trace and span, in hexadecimal; None outside of any."""
        return None


UNTRACED: Final = Tracer()
