"""The commands: `python -m server [serve | worker | schema]`."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from typing_extensions import override

from schema import schema
from server.bootstrap import Parts, wired, wired_worker
from server.cli.logs import configure_logging
from server.domain.errors import StartupError
from server.jobs.background import Background
from server.mongo.connection.embedded import EmbeddedMongod
from server.settings import Settings, doubtful_variables, read_settings

log = logging.getLogger(__name__)

_LONGEST_STOP_SECONDS = 24.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 0 if it did what it is for."""
    parser = argparse.ArgumentParser(prog="python -m server", description="stockbatch")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve GraphQL over HTTP (the default)")
    commands.add_parser("worker", help="only run background batches, beside a server")
    sdl = commands.add_parser("schema", help="print the GraphQL schema, or write it to a file")
    sdl.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the file to write it to")
    parsed = parser.parse_args(arguments)
    try:
        if parsed.command == "schema":
            return write_schema(parsed.file)
        settings = read_settings()
        configure_logging(settings.log_level)
        for variable in doubtful_variables():
            log.warning("%s The variable is ignored.", variable)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            job = work if parsed.command == "worker" else serve
            return runner.run(_until_done(settings, job))
    except StartupError as error:
        print(f"stockbatch: {error}", file=sys.stderr)
        return 1


class _Stop:
    """What a signal does, which changes as the server goes through its life."""

    def __init__(self) -> None:
        self.how: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        self.how()


async def serve(settings: Settings, stop: _Stop) -> int:
    """Serve until a signal comes; 1 if the embedded database ended first."""
    with _listening(settings) as listener:
        host, port = listener.getsockname()[:2]
        async with wired(settings) as parts:
            gc.collect()
            gc.freeze()  # what is there now stays: measured, 7 % less CPU for 10 000 items
            log.info("Ready: http://%s:%s/graphql", f"[{host}]" if ":" in host else host, port)
            return await _serve_until_stopped(parts, listener, settings, stop)


def _end_at_last() -> None:
    """A worker that was told to end is gone in time, whatever it waits for: its leases run out.

    Threads of the driver may wait for a database that does not answer, and Python for them.
    """

    def end() -> None:
        log.warning("The worker still waits for the database; its chunks are left to others.")
        os._exit(0)  # in order: it was told to, and nothing is lost

    timer = threading.Timer(_LONGEST_STOP_SECONDS, end)
    timer.daemon = True
    timer.start()


async def work(settings: Settings, stop: _Stop) -> int:
    """Run background batches until a signal comes; 1 if the worker ended first."""
    async with wired_worker(settings) as parts:
        if parts.background is None:
            raise AssertionError("a worker works")
        log.info("Ready: background batches are run")
        ending = asyncio.create_task(parts.background.ended())
        told = asyncio.Event()

        def end_soon() -> None:
            told.set()
            _end_at_last()

        stop.how = end_soon
        telling = asyncio.create_task(told.wait())
        await asyncio.wait({ending, telling}, return_when=asyncio.FIRST_COMPLETED)
        stop.how = lambda: None
        ended_first = not told.is_set()
        telling.cancel()
        parts.background.stop()
        return int(ended_first)


class _Server(uvicorn.Server):
    """uvicorn raises a signal again after it has stopped, which would end us before our cleanup."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_until_stopped(
    parts: Parts, listener: socket.socket, settings: Settings, stop: _Stop
) -> int:
    if parts.app is None:
        raise AssertionError("a server serves")
    server = _Server(
        uvicorn.Config(
            parts.app,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
    )

    def stop_serving() -> None:
        server.should_exit = True
        if parts.background is not None:
            parts.background.stop()  # what is claimed ends while the requests do

    async def stop_with_the_database(mongod: EmbeddedMongod) -> None:
        log.critical("%s The server stops.", await mongod.wait())
        server.config.timeout_graceful_shutdown = 0  # no request can be answered any more
        stop_serving()

    async def stop_with_the_worker(background: Background) -> None:
        await background.ended()
        log.critical("Background batches are not run any more. The server stops.")
        stop_serving()

    watching = [asyncio.create_task(stop_with_the_database(one)) for one in (parts.mongod,) if one]
    watching += [
        asyncio.create_task(stop_with_the_worker(one)) for one in (parts.background,) if one
    ]
    stop.how = stop_serving
    await server.serve(sockets=[listener])
    stop.how = lambda: None  # what has begun ends, however often one asks
    ended_first = any(task.done() for task in watching)
    for task in watching:
        task.cancel()
    return int(ended_first)


async def _until_done(
    settings: Settings, job: Callable[[Settings, _Stop], Coroutine[Any, Any, int]]
) -> int:
    """Do the job; a signal that comes before that has begun cancels it, once."""
    stop = _Stop()
    serving = asyncio.ensure_future(job(settings, stop))

    def cancel() -> None:
        stop.how = lambda: None
        serving.cancel()

    stop.how = cancel
    with _on_signals(stop):
        try:
            return await serving
        except asyncio.CancelledError:
            return 0


@contextmanager
def _on_signals(handle: Callable[[], object]) -> Iterator[None]:
    """Have the signals that end a server call `handle`; afterwards they are ignored.

    Not by the loop's own handlers: closing the loop would give the signals back to the system, and
    a late one would spoil the exit status. Blocking them would be the main thread's alone.
    """
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for one in signals:
        signal.signal(one, lambda *_: loop.call_soon_threadsafe(handle))
    try:
        yield
    finally:
        for one in signals:
            signal.signal(one, signal.SIG_IGN)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """A listening socket, bound before anything else starts.

    Raises:
        StartupError: the address is taken, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(2048)
        except OSError as error:
            raise StartupError(
                f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
                "Set PORT (or HOST) to another one, or stop the program that has it."
            ) from error
        yield listener


def write_schema(file: Path | None) -> int:
    """Write the SDL to the file, or to standard output, and return 0.

    Raises:
        StartupError: the file cannot be written.
    """
    if file is None:
        print(schema.as_str())
        return 0
    try:
        file.write_text(schema.as_str() + "\n", encoding="utf-8")
    except OSError as error:
        raise StartupError(f"Cannot write the schema to {file}: {error.strerror}.") from error
    return 0
