"""`python -m server serve`: serve over HTTP until a signal comes."""

import asyncio
import logging
import resource
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass

from server.bootstrap.process import Parts, wired
from server.cli.serving import garbage
from server.cli.serving.listening import Server, address_of, listening
from server.cli.serving.second_port import SecondPort, second_port
from server.cli.serving.stop_signal import StopSignal, exit_within
from server.cli.serving.traced import traced
from server.domain.stopping import AFTER_REQUESTS_SECONDS, Stopping
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
    with (
        listening(settings.host, settings.port) as listener,
        _for_metrics(settings) as second,
        traced("stockbatch") as tracer,
    ):
        stopping = Stopping(settings.shutdown_seconds)
        async with (
            wired(settings, stopping, tracer) as parts,
            parts.guard.watching(),
            second.answering(parts.metrics_app, parts.guard, stopping),
        ):
            garbage.tune()
            log.info("The console is at %s/", address_of(listener))
            log.info("Ready: %s/graphql", address_of(listener))
            status = await _serve_until_stopped(parts, listener, settings, stop, stopping)
        log.info("Stopped after %.1f s", stopping.seconds_since())
        return status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """What happens between the signal and the end of the last request."""

    parts: Parts
    settings: Settings
    stop: StopSignal
    stopping: Stopping
    server: Server

    def begin(self) -> None:
        """Tell whoever watches that the server stops, and serve until they know."""
        seconds = min(self.settings.drain_seconds, self.settings.shutdown_seconds / 2)
        most = self.settings.shutdown_seconds
        if not (seconds and self.parts.readiness.is_watched):
            sockets = self.parts.guard.counts()["websocket"]
            requests = max(0, len(self.server.server_state.tasks) - sockets)
            log.info(
                "Stopping: new requests are refused, and those under way have %g s to end",
                most,
                extra={"requests": requests, "websockets": sockets},
            )
            self.stop_serving()
            return
        log.info(
            "Stopping: requests are served for another %g s, and all have %g s to end",
            seconds,
            most,
        )
        self.stop.action = self.stop_serving  # a second signal does not wait
        self.stopping.announce()
        self._begin_nothing_new()
        asyncio.get_running_loop().call_later(seconds, self.stop_serving)

    def stop_serving(self) -> None:
        """Refuse new requests, and end when those that have begun have ended."""
        self.stop.action = self.stop.ignore
        self.stopping.begin()
        self._begin_nothing_new()
        self.server.should_exit = True

    def _begin_nothing_new(self) -> None:
        exit_within(self.stopping.seconds_left(AFTER_REQUESTS_SECONDS))
        self.parts.guard.retire()
        if self.parts.background is not None:
            self.parts.background.stop()  # claimed chunks end while the requests do


def _for_metrics(settings: Settings) -> AbstractContextManager[SecondPort]:
    if settings.metrics_are_apart and settings.metrics_http_port is None:
        log.warning("Nobody can read the metrics: set METRICS_HTTP_PORT to a port for them.")
    return second_port(
        settings.metrics_listen_host,
        settings.metrics_http_port,
        settings="METRICS_HTTP_PORT (or METRICS_LISTEN_HOST)",
        serves="Metrics",
        names_itself=not settings.is_production,
    )


async def _serve_until_stopped(
    parts: Parts,
    listener: socket.socket,
    settings: Settings,
    stop: StopSignal,
    stopping: Stopping,
) -> int:
    _allow_files(settings.max_connections)
    config = config_of(
        parts.app,
        parts.guard,
        largest_message=settings.max_request_bytes,
        shutdown_seconds=settings.shutdown_seconds,
        names_itself=not settings.is_production,
    )
    server = Server(config, stopping)
    ending = _Ending(parts=parts, settings=settings, stop=stop, stopping=stopping, server=server)

    async def stop_with_the_database(mongod: EmbeddedMongod) -> None:
        log.critical("%s The server stops.", await mongod.wait())
        stopping.request_seconds = 0  # no request can be answered any more
        ending.stop_serving()

    async def stop_with_the_worker(background: Background) -> None:
        await background.ended()
        log.critical("Background batches are not run any more. The server stops.")
        ending.stop_serving()

    watchers: list[asyncio.Task[None]] = []
    if parts.mongod is not None:
        watchers.append(asyncio.create_task(stop_with_the_database(parts.mongod)))
    if parts.background is not None:
        watchers.append(asyncio.create_task(stop_with_the_worker(parts.background)))
    stop.action = ending.begin
    await server.serve(sockets=[listener])
    stop.action = stop.ignore  # a second signal does not cut short what still ends
    a_part_ended_first = any(watcher.done() for watcher in watchers)
    for watcher in watchers:
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
