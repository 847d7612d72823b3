"""How long a request waits for a database that does not answer.

A request has one `Patience`, which every wait for the database uses up and every answer renews. So
what is limited is silence, and not the time that much work takes.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context, ContextVar, copy_context

from server.domain.errors import CommitUnknown, DatabaseUnavailable
from server.mongo.connection.outage import Outage

_current: ContextVar["Patience | None"] = ContextVar("patience", default=None)


class Patience:
    """The seconds that a request still waits; `left` of `seconds`."""

    __slots__ = ("_heard", "left", "outage", "seconds")

    def __init__(self, seconds: float, outage: Outage) -> None:
        self.seconds = self.left = seconds
        self.outage = outage
        self._heard = time.monotonic()

    def renewed(self) -> "Patience":
        """Return the patience of another request of the same kind."""
        return Patience(self.seconds, self.outage)

    def answered(self) -> None:
        """Begin anew: the database has answered."""
        self.left = self.seconds
        self._heard = time.monotonic()

    def require(self) -> None:
        """Check that there is patience left.

        A request that has waited for its turn all the time, behind others who got no answer, has
        none either.

        Raises:
            DatabaseUnavailable: there is none, or an outage is known.
        """
        self.outage.require_none()
        now = time.monotonic()
        is_old = now - self._heard > self.seconds and now - self.outage.failed_at < self.seconds
        if self.left <= 0 or is_old:
            raise self.exhausted()

    def exhausted(self) -> DatabaseUnavailable:
        """Return the error of somebody whose patience has come to its end."""
        return DatabaseUnavailable(f"The database did not answer within {self.seconds:g} s.")

    def wait(self) -> "Wait":
        """Return a block that ends when the patience does."""
        return Wait(self)

    def __lt__(self, other: "Patience") -> bool:
        """Return whether this one ends first."""
        return (self.left, self._heard) < (other.left, other._heard)


class Wait:
    """A block in which a task waits for the database.

    Raises:
        DatabaseUnavailable: no answer came in time, or an outage became known. What the block was
            doing is cancelled.
    """

    __slots__ = ("_cancelling", "_patience", "_task", "_timer", "_until", "has_expired")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.has_expired = False

    def __enter__(self) -> "Wait":
        self._patience.require()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self._task, self._cancelling = task, task.cancelling()
        self._patience.outage.waiting.add(self)
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        self._timer.cancel()
        self._patience.outage.waiting.discard(self)
        is_ours = self.has_expired and self._task.uncancel() <= self._cancelling
        if is_ours and kind is asyncio.CancelledError:
            self._note_silence()
            raise self._patience.exhausted() from None
        if isinstance(error, DatabaseUnavailable | CommitUnknown):
            self._note_silence()
        elif kind is not asyncio.CancelledError:
            self._patience.answered()

    @property
    def seconds(self) -> float:
        """Return how long the block may still take."""
        return self._until - asyncio.get_running_loop().time()

    def answered(self) -> None:
        """Begin anew: the database has answered, and the block goes on."""
        if not self.has_expired:
            self._patience.answered()
            self._timer.cancel()
            self._begin()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the block wait for something else; an outage ends that, too."""
        self._timer.cancel()
        try:
            yield
        finally:
            self.answered()

    def expire(self) -> None:
        """End the block, as if it were cancelled."""
        if not self.has_expired:
            self.has_expired = True
            self._task.cancel()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._until = loop.time() + self._patience.left
        self._timer = loop.call_at(self._until, self.expire)

    def _note_silence(self) -> None:
        self._patience.left = max(0.0, min(self._patience.left, self.seconds))
        self._patience.outage.suspect()


def current_patience() -> Patience | None:
    """Return the patience of the current request; None if nobody waits for this task."""
    return _current.get()


def waiting() -> AbstractContextManager[object]:
    """Return a block that ends when the current request's patience does."""
    patience = _current.get()
    return nullcontext() if patience is None else patience.wait()


class patient:  # noqa: N801 - a block, like `suppress`; each request enters it
    """A block in which nothing waits for longer than this patience."""

    __slots__ = ("_patience", "_token")

    def __init__(self, patience: Patience | None) -> None:
        self._patience = patience

    def __enter__(self) -> None:
        self._token = _current.set(self._patience)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def with_patience(patience: Patience | None, context: Context | None = None) -> Context:
    """Return the context, by default a copy of the current one, with this patience in it."""
    context = context or copy_context()
    context.run(_current.set, patience)
    return context
