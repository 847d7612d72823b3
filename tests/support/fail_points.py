"""Make the database fail on cue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient


class FailPoints:
    """Set fail points for the tested client through `admin`, which none of them touches."""

    admin: MongoClient[dict[str, Any]]

    @contextmanager
    def failing(self, *commands: str, mode: Any, **data: Any) -> Iterator[None]:
        """Make the server fail `commands` of the tested client.

        `mode` is `{"times": 2}` or "alwaysOn"; `data` is the fail point's, such as errorCode=112
        or closeConnection=True.
        """
        self.fail(*commands, mode=mode, **data)
        try:
            yield
        finally:
            self.fail(mode="off")

    def fail(self, *commands: str, mode: Any, **data: Any) -> None:
        """Set the fail point, in place of the one that is set."""
        target = {"failCommands": commands, "appName": "stockbatch"}
        self.admin.admin.command(
            {"configureFailPoint": "failCommand", "mode": mode, "data": target | data}
        )

    async def open_transactions(self) -> int:
        status = self.admin.admin.command("serverStatus", metrics=0, wiredTiger=0)  # the bulk
        count: int = status["transactions"]["currentOpen"]
        return count
