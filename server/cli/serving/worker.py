"""`python -m server worker`: only run background batches, beside a server."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

from server.bootstrap import Parts, wired_worker
from server.cli.serving import garbage
from server.cli.serving.listening import address_of
from server.cli.serving.second_port import answering, listening_if
from server.cli.serving.stop_signal import StopSignal, exit_within
from server.cli.serving.traced import traced
from server.domain.stopping import Stopping
from server.jobs.background import PATIENCE_SECONDS
from server.settings import Settings

log = logging.getLogger(__name__)

_LONGEST_STOP_SECONDS = 24.0


async def work(settings: Settings, stop: StopSignal) -> int:
    """Run background batches until a signal comes.

    Returns the exit status: 1 if the worker ended first.

    Raises:
        StartupError: the database or the address of WORKER_HTTP_PORT cannot be used.
    """
    stopping = Stopping(PATIENCE_SECONDS)
    with _listener(settings) as listener, traced("stockbatch-worker") as tracer:
        async with (
            wired_worker(settings, stopping, tracer) as parts,
            _health(parts, listener, settings, stopping),
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
    signal = asyncio.create_task(stopped.wait())
    await asyncio.wait({ending, signal}, return_when=asyncio.FIRST_COMPLETED)
    stop.action = stop.ignore
    ended_first = not stopped.is_set()
    signal.cancel()
    parts.background.stop()
    await parts.background.finished(stopping.seconds_left())
    return int(ended_first)


def _listener(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    return listening_if(
        settings.worker_listen_host,
        settings.worker_http_port,
        settings="WORKER_HTTP_PORT (or WORKER_LISTEN_HOST)",
    )


@asynccontextmanager
async def _health(
    parts: Parts, listener: socket.socket | None, settings: Settings, stopping: Stopping
) -> AsyncIterator[None]:
    """Answer `/healthz`, `/readyz` and `/metrics` during the block, if there is a socket."""
    if listener is not None:
        log.info("Health and metrics: %s/metrics", address_of(listener))
    watching = asyncio.create_task(parts.guard.watch())
    names_itself = not settings.is_production
    try:
        async with answering(parts.app, parts.guard, listener, stopping, names_itself=names_itself):
            yield
    finally:
        watching.cancel()
