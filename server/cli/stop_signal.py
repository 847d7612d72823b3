"""What a signal that ends a process does, which changes during the process's life."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from server.settings import Settings

log = logging.getLogger(__name__)


class StopSignal:
    """Calls `action` when SIGINT or SIGTERM arrives."""

    def __init__(self) -> None:
        self.action: Callable[[], object] = self.ignore

    def __call__(self) -> None:
        self.action()

    def ignore(self) -> None:
        """Do nothing."""


def exit_within(seconds: float) -> None:
    """End the process after a while, whatever it still waits for.

    Python waits for the driver's threads, and these may wait for a database that does not answer.
    """

    def exit_now() -> None:
        log.warning("The process still waits for something that hangs: it ends now")
        os._exit(0)  # a success: it was asked to end, and nothing is lost

    timer = threading.Timer(seconds, exit_now)
    timer.daemon = True
    timer.start()


Job = Callable[[Settings, StopSignal], Coroutine[Any, Any, int]]


async def run_until_done(settings: Settings, job: Job) -> int:
    """Run the job and return its exit status.

    A signal cancels the job until the job has set an action of its own; then the status is 0.
    """
    stop = StopSignal()
    running = asyncio.ensure_future(job(settings, stop))

    def cancel() -> None:
        stop.action = stop.ignore
        running.cancel()

    stop.action = cancel
    with _handled_by(stop):
        try:
            return await running
        except asyncio.CancelledError:
            return 0


@contextmanager
def _handled_by(stop: StopSignal) -> Iterator[None]:
    """Call `stop` for the signals that end a process; afterwards they are ignored.

    These are not the loop's own handlers: closing the loop would restore the system's, and a late
    signal would spoil the exit status. Blocking the signals would work for the main thread alone.
    """
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
