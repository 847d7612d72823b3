"""A look at the database itself: its version, its replica set, and how fast it answers."""

import time

from server.domain.system_state import DatabaseState
from server.mongo.connection.driver import Driver
from server.mongo.connection.errors import translated


class DatabaseWatch:
    def __init__(self, driver: Driver, database: str) -> None:
        self._admin = driver.client.admin
        self._name = database

    async def state(self) -> DatabaseState:
        """Return the state of the database at this moment.

        Raises:
            StoreError: the database did not answer.
        """
        with translated():
            build = await self._admin.command("buildInfo")
            began = time.perf_counter()
            await self._admin.command("ping")
            ping_ms = (time.perf_counter() - began) * 1000
            hello = await self._admin.command("hello")
        return DatabaseState(
            name=self._name,
            version=build["version"],
            replica_set=hello["setName"],
            primary=hello.get("primary"),
            members=hello.get("hosts", []),
            ping_ms=ping_ms,
        )
