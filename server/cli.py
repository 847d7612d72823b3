"""The commands: `python -m server [serve | schema]`."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from typing_extensions import override

from schema import schema
from server.bootstrap import Parts, wired
from server.domain.errors import StartupError
from server.logs import configure_logging
from server.settings import Settings, read_settings

log = logging.getLogger(__name__)

_SDL = Path("schema/schema.graphql")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 0 if it did what it is for."""
    parser = argparse.ArgumentParser(prog="python -m server", description="stockbatch")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve GraphQL over HTTP (the default)")
    sdl = commands.add_parser("schema", help=f"write the schema to {_SDL}")
    sdl.add_argument("--check", action="store_true", help="only say whether the file is current")
    parsed = parser.parse_args(arguments)
    try:
        if parsed.command == "schema":
            return _schema(check=parsed.check)
        settings = read_settings()
        configure_logging(settings.log_level)
        return _run(serve(settings))
    except StartupError as error:
        print(f"stockbatch: {error}", file=sys.stderr)
        return 1


async def serve(settings: Settings) -> int:
    """Serve until a signal comes; 1 if the embedded database ended first."""
    with _listening(settings) as listener:
        host, port = listener.getsockname()[:2]
        async with wired(settings) as parts:
            log.info("Ready: http://%s:%s/graphql", f"[{host}]" if ":" in host else host, port)
            return await _serve_until_stopped(parts, listener, settings)


class _Server(uvicorn.Server):
    """uvicorn raises a signal again after it has stopped, which would end us before our cleanup."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_until_stopped(parts: Parts, listener: socket.socket, settings: Settings) -> int:
    server = _Server(
        uvicorn.Config(
            parts.app,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
    )
    status = 0

    def stop() -> None:
        server.force_exit = server.should_exit  # the second time, as uvicorn's log promises
        server.should_exit = True

    async def watch() -> None:
        nonlocal status
        if parts.mongod is not None:
            reason = await parts.mongod.wait()
            log.critical("%s The server stops.", reason)
            status = 1
            stop()

    watching = asyncio.create_task(watch())
    with _on_signals(stop):
        await server.serve(sockets=[listener])
    watching.cancel()
    return status


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` to its end. A signal that comes before it handles signals itself cancels it."""

    async def cancellable() -> int:
        task = asyncio.ensure_future(work)
        with _on_signals(task.cancel):
            try:
                return await task
            except asyncio.CancelledError:
                return 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(cancellable())


@contextmanager
def _on_signals(handle: Callable[[], Any]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for one in signals:
        loop.add_signal_handler(one, handle)
    try:
        yield
    finally:
        for one in signals:
            loop.remove_signal_handler(one)


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


def _schema(*, check: bool) -> int:
    printed = schema.as_str() + "\n"
    if not check:
        _SDL.write_text(printed, encoding="utf-8")
        return 0
    if _SDL.is_file() and _SDL.read_text(encoding="utf-8") == printed:
        return 0
    print(f"{_SDL} is not what the code says: run `make schema` and commit it.", file=sys.stderr)
    return 1
