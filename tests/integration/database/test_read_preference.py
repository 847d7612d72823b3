from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import open_shop


async def test_a_transaction_uses_the_primary_whatever_the_address_says(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    """Any other read preference is refused in a transaction, for every single item."""
    uri = f"{mongod.uri}&readPreference=secondaryPreferred"
    async with open_shop(uri, driver_name) as shop:
        (one,) = await shop.put(10)

        await shop.update([(one, 5)])

        assert shop.stocks() == {one: 15}
