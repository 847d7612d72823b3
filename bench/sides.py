"""One way to have a batch done."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bench.server import Caller, Server

BatchT = TypeVar("BatchT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Generic[BatchT, ResultT]):
    """`prepare` makes the input of `work`, which alone is timed, and `read` finds the result in
    what it returned. `cpu_seconds` is the clock of its process.
    """

    name: str
    prepare: Callable[[BatchT], Any]
    work: Callable[[Any], Any]
    read: Callable[[Any, BatchT], ResultT]
    cpu_seconds: Callable[[], float] = time.process_time


def http_side(
    name: str,
    server: Server,
    caller: Caller,
    *,
    body: Callable[[BatchT], bytes],
    read: Callable[[bytes, BatchT], ResultT],
) -> Side[BatchT, ResultT]:
    """The body is encoded before, and the answer decoded after the time is taken."""

    def prepare(batch: BatchT) -> bytes:
        caller.renew()
        return body(batch)

    return Side(
        name=name, prepare=prepare, work=caller.post, read=read, cpu_seconds=server.cpu_seconds
    )


def floor_side(name: str, work: Callable[[BatchT], ResultT]) -> Side[BatchT, ResultT]:
    """It is given the batch as it is, and returns the result itself."""
    return Side(
        name=name, prepare=lambda batch: batch, work=work, read=lambda result, _batch: result
    )
