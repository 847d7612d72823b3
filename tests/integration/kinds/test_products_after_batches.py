"""Mutations return the products that they have changed, for the caches of clients."""

import pytest

from tests.support.batches.batch_work import work_off
from tests.support.batches.submitting import submit
from tests.support.shop import UNKNOWN_ID, Shop

UPDATE = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions, $key: String) {
  batchUpdateStock(updates: $updates, options: $options, idempotencyKey: $key) {
    success ... on StockUpdateApplied { newStock product { id stock } }
  }
}
"""
DISCONTINUE = """
mutation ($ids: [ID!]!, $options: BatchDiscontinueOptions) {
  batchDiscontinueProducts(productIds: $ids, options: $options) {
    products { id stock discontinued }
  }
}
"""
RESULTS = """
query ($id: ID!) {
  batchOperation(id: $id) { results { edges { node { success product { id price } } } } }
}
"""


@pytest.mark.parametrize("time", ["first", "again"])  # the second time the text is known
async def test_an_update_returns_the_product_as_the_whole_batch_left_it(
    shop: Shop, time: str
) -> None:
    cup, bowl = await shop.put(10, 3)
    updates = [
        {"productId": cup, "quantity": 5},
        {"productId": bowl, "quantity": -9},
        {"productId": cup.upper(), "quantity": -1},
    ]
    if time == "again":
        await shop.ask(UPDATE, updates=[{"productId": UNKNOWN_ID, "quantity": 1}])

    results = await shop.ask(UPDATE, updates=updates)

    product = {"id": cup, "stock": 14}
    assert results == [
        {"success": True, "newStock": 15, "product": product},
        {"success": False},
        {"success": True, "newStock": 14, "product": product},
    ]


async def test_all_products_are_read_at_once_after_the_commit_and_only_if_asked_for(
    shop: Shop,
) -> None:
    ids = await shop.put(*[10] * 200)
    updates = [{"productId": one, "quantity": 1} for one in ids]
    await shop.ask(UPDATE, updates=updates)
    shop.commands.names.clear()

    results = await shop.ask(UPDATE, updates=updates)
    asked = list(shop.commands.names)
    shop.commands.names.clear()
    await shop.ask(UPDATE.replace("product { id stock }", ""), updates=updates)

    assert [one["product"]["stock"] for one in results] == [12] * 200
    assert asked == [*shop.commands.names, "find"]


async def test_each_mutation_of_a_request_shows_its_own_moment(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    one = (
        f'batchUpdateStock(updates: [{{productId: "{cup}", quantity: 1}}]) '
        "{ ... on StockUpdateApplied { product { stock } } }"
    )

    answer = await shop.graphql(f"mutation {{ a: {one} b: {one} }}")

    assert answer["data"] == {
        "a": [{"product": {"stock": 11}}],
        "b": [{"product": {"stock": 12}}],
    }


async def test_a_replay_returns_the_product_as_it_is_now(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    updates = [{"productId": cup, "quantity": 5}]
    await shop.ask(UPDATE, updates=updates, key="k")
    await shop.update([(cup, 100)])

    (result,) = await shop.ask(UPDATE, updates=updates, key="k")

    assert result == {"success": True, "newStock": 15, "product": {"id": cup, "stock": 115}}


async def test_a_dry_run_returns_no_products(shop: Shop) -> None:
    (cup,) = await shop.put(10)
    dry = {"dryRun": True}

    updated = await shop.ask(UPDATE, updates=[{"productId": cup, "quantity": 5}], options=dry)
    discontinued = await shop.ask(DISCONTINUE, ids=[cup], options=dry)

    assert updated == [{"success": True, "newStock": 15, "product": None}]
    assert discontinued == {"products": []}


async def test_discontinued_products_are_returned_once_each_in_input_order(shop: Shop) -> None:
    cup, bowl, dish = await shop.put(10, 3, 1)
    await shop.discontinue([dish])

    result = await shop.ask(DISCONTINUE, ids=[bowl, UNKNOWN_ID, "zz", dish, cup, bowl.upper()])

    assert result == {
        "products": [{"id": one, "stock": 0, "discontinued": True} for one in (bowl, dish, cup)]
    }


async def test_the_results_of_a_stored_batch_have_their_products(shop: Shop) -> None:
    cup, bowl = await shop.put(10, 3)
    price = {"productIds": [cup, UNKNOWN_ID, bowl], "newPrice": 7}
    batch_id = await submit(shop, updatePrice=price)
    preview_id = await submit(shop, updatePrice=price | {"newPrice": 9, "dryRun": True})
    await work_off(shop)
    shop.products.delete_one({"stock": 3})

    told = await shop.ask(RESULTS, id=batch_id)
    previewed = await shop.ask(RESULTS, id=preview_id)

    products = [edge["node"]["product"] for edge in told["results"]["edges"]]
    assert products == [{"id": cup, "price": 7}, None, None]
    assert [edge["node"]["product"] for edge in previewed["results"]["edges"]] == [None] * 3
