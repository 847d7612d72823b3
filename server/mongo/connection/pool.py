"""Waits for a connection of the driver's pool."""

from collections.abc import Callable

from pymongo.monitoring import (
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionCheckOutStartedEvent,
    ConnectionClosedEvent,
    ConnectionCreatedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
    PoolClearedEvent,
    PoolClosedEvent,
    PoolCreatedEvent,
    PoolReadyEvent,
)


class PoolWaits(ConnectionPoolListener):
    """Reports each wait for a connection, in seconds, and why a command got none.

    The driver makes an event of every use of a connection: about 16 µs of CPU for each command.
    Motor calls this on its own threads.
    """

    def __init__(self, on_wait: Callable[[float], None], on_failure: Callable[[str], None]) -> None:
        self._on_wait = on_wait
        self._on_failure = on_failure

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:
        self._on_wait(event.duration or 0.0)

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        self._on_failure(event.reason)

    def connection_check_out_started(self, event: ConnectionCheckOutStartedEvent) -> None: ...
    def connection_checked_in(self, event: ConnectionCheckedInEvent) -> None: ...
    def connection_created(self, event: ConnectionCreatedEvent) -> None: ...
    def connection_ready(self, event: ConnectionReadyEvent) -> None: ...
    def connection_closed(self, event: ConnectionClosedEvent) -> None: ...
    def pool_created(self, event: PoolCreatedEvent) -> None: ...
    def pool_ready(self, event: PoolReadyEvent) -> None: ...
    def pool_cleared(self, event: PoolClearedEvent) -> None: ...
    def pool_closed(self, event: PoolClosedEvent) -> None: ...
