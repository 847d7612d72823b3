"""`python -m server worker`: only run background batches, beside a server."""

import asyncio
import logging
from contextlib import AbstractContextManager

from server.bootstrap.process import Parts, wired_worker
from server.cli.serving import garbage
from server.cli.serving.second_port import SecondPort, second_port
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
    with _for_health(settings) as second, traced("stockbatch-worker") as tracer:
        async with (
            wired_worker(settings, stopping, tracer) as parts,
            parts.guard.watching(),
            second.answering(parts.app, parts.guard, stopping),
        ):
            status = await _work_until_stopped(parts, stop, stopping)
        log.info("Stopped after %.1f s", stopping.seconds_since())
        return status


async def _work_until_stopped(parts: Parts, stop: StopSignal, stopping: Stopping) -> int:
    if parts.background is None:
        raise AssertionError("a worker works")
    garbage.tune()
    log.info("Ready: background batches are run")
    stopped = asyncio.Event()

    def stop_working() -> None:
        log.info(
            "Stopping: no more chunks are claimed, and those under way have %g s to end",
            PATIENCE_SECONDS,
        )
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


def _for_health(settings: Settings) -> AbstractContextManager[SecondPort]:
    return second_port(
        settings.worker_listen_host,
        settings.worker_http_port,
        settings="WORKER_HTTP_PORT (or WORKER_LISTEN_HOST)",
        serves="Health and metrics",
        names_itself=not settings.is_production,
    )
