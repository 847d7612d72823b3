"""`python -m server worker`: only run background batches, beside a server."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from server.bootstrap import Parts, wired_worker
from server.cli import garbage
from server.cli.listening import Server, address_of, listening
from server.cli.stop_signal import StopSignal, exit_within
from server.domain.stopping import Stopping
from server.jobs.background import PATIENCE_SECONDS
from server.settings import Settings
from server.web.connections.serving import config_of

log = logging.getLogger(__name__)

_LONGEST_STOP_SECONDS = 24.0
_HEALTH_END_SECONDS = 0.5
_LARGEST_MESSAGE = 1024  # bytes; a worker takes none


async def work(settings: Settings, stop: StopSignal) -> int:
    """Run background batches until a signal comes.

    Returns the exit status: 1 if the worker ended first.

    Raises:
        StartupError: the database or the address of WORKER_HTTP_PORT cannot be used.
    """
    stopping = Stopping(PATIENCE_SECONDS)
    with _listener(settings) as listener:
        async with (
            wired_worker(settings, stopping) as parts,
            _health(parts, listener, stopping),
        ):
            return await _work_until_stopped(parts, stop, stopping)


async def _work_until_stopped(parts: Parts, stop: StopSignal, stopping: Stopping) -> int:
    if parts.background is None:
        raise AssertionError("a worker works")
    garbage.tune()
    log.info("Ready: background batches are run")
    stopped = asyncio.Event()

    def stop_working() -> None:
        stopping.begin()
        stopped.set()
        exit_within(_LONGEST_STOP_SECONDS)

    stop.action = stop_working
    ending = asyncio.create_task(parts.background.ended())
    told = asyncio.create_task(stopped.wait())
    await asyncio.wait({ending, told}, return_when=asyncio.FIRST_COMPLETED)
    stop.action = stop.ignore
    ended_first = not stopped.is_set()
    told.cancel()
    parts.background.stop()
    await parts.background.finished(stopping.seconds_left())
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
async def _health(
    parts: Parts, listener: socket.socket | None, stopping: Stopping
) -> AsyncIterator[None]:
    """Answer `/healthz`, `/readyz` and `/metrics` during the block, if there is a socket."""
    if listener is None:
        yield
        return
    config = config_of(parts.app, parts.guard, largest_message=_LARGEST_MESSAGE, shutdown_seconds=1)
    server = Server(config, stopping)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    watching = asyncio.create_task(parts.guard.watch())
    log.info("Health and metrics: %s/metrics", address_of(listener))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=_HEALTH_END_SECONDS)
        watching.cancel()
