"""The spans of the commands that the driver sends."""

from collections.abc import Callable

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

EndSpan = Callable[[str | None], None]
BeginSpan = Callable[[str, str, str | None], EndSpan | None]

_KEY = "collection"  # of the commands that name it beside something else, such as getMore


class CommandSpans(CommandListener):
    """Begins and ends a span for each command, with names alone: no filter, document or reply.

    The driver calls this where the command runs, and Motor on its threads, which have the context
    of the caller.
    """

    def __init__(self, begin: BeginSpan) -> None:
        """Take what begins the span of a command: its name, its database, its collection."""
        self._begin = begin
        self._open: dict[tuple[object, int], EndSpan] = {}

    def started(self, event: CommandStartedEvent) -> None:
        named = event.command.get(event.command_name)
        collection = named if isinstance(named, str) else event.command.get(_KEY)
        end = self._begin(
            event.command_name,
            event.database_name,
            collection if isinstance(collection, str) else None,
        )
        if end is not None:
            self._open[event.connection_id, event.request_id] = end

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._end(event, None)

    def failed(self, event: CommandFailedEvent) -> None:
        failure = event.failure
        self._end(event, str(failure.get("codeName") or failure.get("errtype") or "error"))

    def _end(self, event: CommandSucceededEvent | CommandFailedEvent, error: str | None) -> None:
        end = self._open.pop((event.connection_id, event.request_id), None)
        if end is not None:
            end(error)
