"""Log the commands that a driver sends, and act on them."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)


class CommandLog(CommandListener):
    """Note the names of the commands that a driver sends, in order, and call hooks in between."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.on_start: Callable[[str], None] = lambda _name: None
        self.on_end: Callable[[str], None] = lambda _name: None
        self.on_reply: Callable[[Mapping[str, Any]], None] = lambda _reply: None

    def started(self, event: CommandStartedEvent) -> None:
        self.names.append(event.command_name)
        self.on_start(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self.on_reply(event.reply)
        self.on_end(event.command_name)

    def failed(self, event: CommandFailedEvent) -> None:
        self.on_end(event.command_name)
