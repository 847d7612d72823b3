"""Report waits for a connection of the driver's pool."""

from server.mongo.connection.driver import DriverName, connect
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.connection.pool import PoolWaits


async def test_each_command_waits_for_its_connection_once(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    waits: list[float] = []
    failures: list[str] = []
    driver = connect(driver_name, mongod.uri, listeners=[PoolWaits(waits.append, failures.append)])
    try:
        for _ in range(3):
            await driver.client.admin.command("ping")
        assert len(waits) == 3
    finally:
        await driver.close()

    assert all(wait >= 0 for wait in waits)
    assert failures == []
