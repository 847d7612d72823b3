"""`python -m server worker`: only run background batches, beside a server."""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from server.bootstrap import Parts, wired_worker
from server.cli.serving import garbage
from server.cli.serving.listening import Server, address_of, listening
from server.cli.serving.stop_signal import StopSignal
from server.settings import Settings
from server.web.connections.serving import config_of

log = logging.getLogger(__name__)

_LONGEST_STOP_SECONDS = 24.0
_LARGEST_MESSAGE = 1024  # bytes; a worker takes none


async def work(settings: Settings, stop: StopSignal) -> int:
    """Run background batches until a signal comes.

    Returns the exit status: 1 if the worker ended first.

    Raises:
        StartupError: the database or the address of WORKER_HTTP_PORT cannot be used.
    """
    with _listener(settings) as listener:
        async with wired_worker(settings) as parts, _health(parts, listener):
            return await _work_until_stopped(parts, stop)


async def _work_until_stopped(parts: Parts, stop: StopSignal) -> int:
    if parts.background is None:
        raise AssertionError("a worker works")
    garbage.tune()
    log.info("Ready: background batches are run")
    stopped = asyncio.Event()

    def stop_working() -> None:
        stopped.set()
        _exit_in_time()

    stop.action = stop_working
    ending = asyncio.create_task(parts.background.ended())
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stop.action = stop.ignore
    ended_first = not stopped.is_set()
    stopping.cancel()
    parts.background.stop()
    return int(ended_first)


@contextmanager
def _listener(settings: Settings) -> Iterator[socket.socket | None]:
    """Yield the socket of WORKER_HTTP_PORT; None if it is not set."""
    if settings.worker_http_port is None:
        yield None
        return
    names = "WORKER_HTTP_PORT (or WORKER_LISTEN_HOST)"
    with listening(
        settings.worker_listen_host, settings.worker_http_port, settings=names
    ) as listener:
        yield listener


@asynccontextmanager
async def _health(parts: Parts, listener: socket.socket | None) -> AsyncIterator[None]:
    """Answer `/healthz`, `/readyz` and `/metrics` during the block, if there is a socket."""
    if listener is None:
        yield
        return
    config = config_of(parts.app, parts.guard, largest_message=_LARGEST_MESSAGE, shutdown_seconds=1)
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    watching = asyncio.create_task(parts.guard.watch())
    log.info("Health and metrics: %s/metrics", address_of(listener))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving})
        watching.cancel()


def _exit_in_time() -> None:
    """End the process after a while, whatever it still waits for: its leases run out.

    Python waits for the driver's threads, and these may wait for a database that does not answer.
    """

    def exit_now() -> None:
        log.warning("The worker still waits for the database; its chunks are left to others.")
        os._exit(0)  # a success: the worker was asked to end, and nothing is lost

    timer = threading.Timer(_LONGEST_STOP_SECONDS, exit_now)
    timer.daemon = True
    timer.start()
