"""`python -m server serve`: serve over HTTP until a signal comes."""

import asyncio
import logging
import resource
import socket

from server.bootstrap import Parts, wired
from server.cli.serving import garbage
from server.cli.serving.listening import Server, address_of, listening
from server.cli.serving.stop_signal import StopSignal
from server.jobs.background import Background
from server.mongo.connection.embedded import EmbeddedMongod
from server.settings import Settings
from server.web.connections.serving import config_of

log = logging.getLogger(__name__)

_OTHER_FILES = 512  # connections to the database, and what is read and written


async def serve(settings: Settings, stop: StopSignal) -> int:
    """Serve until a signal comes.

    Returns the exit status: 1 if the embedded database or the worker ended first.

    Raises:
        StartupError: the address cannot be used, or the database.
    """
    with listening(settings.host, settings.port) as listener:
        async with wired(settings) as parts:
            garbage.tune()
            log.info("Ready: %s/graphql", address_of(listener))
            return await _serve_until_stopped(parts, listener, settings, stop)


async def _serve_until_stopped(
    parts: Parts, listener: socket.socket, settings: Settings, stop: StopSignal
) -> int:
    _allow_files(settings.max_connections)
    config = config_of(
        parts.app,
        parts.guard,
        largest_message=settings.max_request_bytes,
        shutdown_seconds=settings.shutdown_seconds,
    )
    server = Server(config)

    def stop_serving() -> None:
        server.should_exit = True
        if parts.background is not None:
            parts.background.stop()  # claimed chunks end while the requests do

    async def stop_with_the_database(mongod: EmbeddedMongod) -> None:
        log.critical("%s The server stops.", await mongod.wait())
        config.timeout_graceful_shutdown = 0  # no request can be answered any more
        stop_serving()

    async def stop_with_the_worker(background: Background) -> None:
        await background.ended()
        log.critical("Background batches are not run any more. The server stops.")
        stop_serving()

    watching = asyncio.create_task(parts.guard.watch())
    watchers: list[asyncio.Task[None]] = []
    if parts.mongod is not None:
        watchers.append(asyncio.create_task(stop_with_the_database(parts.mongod)))
    if parts.background is not None:
        watchers.append(asyncio.create_task(stop_with_the_worker(parts.background)))
    stop.action = stop_serving
    await server.serve(sockets=[listener])
    stop.action = stop.ignore  # a second signal does not cut short what still ends
    a_part_ended_first = any(watcher.done() for watcher in watchers)
    for watcher in [*watchers, watching]:
        watcher.cancel()
    return int(a_part_ended_first)


def _allow_files(connections: int) -> None:
    """Raise this process's limit of open files, if it is too low for its connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < needed:
            log.warning(
                "This process may open %s files, which is too few for MAX_CONNECTIONS=%s.",
                most,
                connections,
            )
