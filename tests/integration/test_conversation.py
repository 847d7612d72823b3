"""What the engine says to the database, command by command."""

from tests.integration.shop import Shop


async def test_a_chunk_of_500_distinct_products_takes_four_commands(shop: Shop) -> None:
    ids = await shop.put(*range(500))
    shop.commands.names.clear()

    outcomes = await shop.update([(one, place % 7) for place, one in enumerate(ids)])

    assert [outcome.index for outcome in outcomes] == list(range(500))
    assert shop.commands.names == ["find", "update", "insert", "commitTransaction"]


async def test_discontinuing_500_products_takes_four_commands(shop: Shop) -> None:
    ids = await shop.put(*range(500))
    shop.commands.names.clear()

    await shop.discontinue(ids)

    assert shop.commands.names == ["find", "update", "insert", "commitTransaction"]


async def test_items_that_name_no_product_take_no_command(shop: Shop) -> None:
    shop.commands.names.clear()

    await shop.update([("nonsense", 1), ("", 2)])

    assert shop.commands.names == []
