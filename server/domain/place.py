"""The place of the current request among those that the server works for."""

from contextvars import ContextVar, Token
from typing import Protocol


class Place(Protocol):
    """A place: others wait while a request has it, so it is given back where nothing is done."""

    async def weigh(self, cost: int) -> None:
        """Note what the query of the request costs, once its text has been read.

        Raises:
            Overloaded: there is no time for so much work; nothing was done.
        """

    async def resume(self) -> None:
        """Take the place again, however long others come first."""

    def pause(self) -> None:
        """Give the place back, if the request has it."""


_current: ContextVar[Place | None] = ContextVar("place", default=None)


def current_place() -> Place | None:
    """Return the place of the current request; None if it needs none."""
    return _current.get()


def set_place(place: Place | None) -> Token[Place | None]:
    """Make this the place of the current request."""
    return _current.set(place)


def reset_place(token: Token[Place | None]) -> None:
    """Return to the place that was current before `set_place` returned `token`."""
    _current.reset(token)
