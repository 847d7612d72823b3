"""One key, one content: in quotes or not, and whatever the form in which the same thing is sent."""

from typing import Any

import httpx
import pytest

from tests.support.batches.idempotent_calls import batches
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

UPDATE = "mutation($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { success newStock } }"
CREATE = "mutation($p: [CreateProductInput!]!) { batchCreateProducts(products: $p) { outcome } }"


async def sent(shop: Shop, key: str, query: str, **variables: Any) -> httpx.Response:
    async with shop.http() as client:
        body = {"query": query, "variables": variables}
        return await client.post("/graphql", json=body, headers={"Idempotency-Key": key})


def is_replay(response: httpx.Response) -> bool:
    answer = response.json()
    assert "errors" not in answer, answer
    return bool(answer.get("extensions", {}).get("idempotentReplay"))


@pytest.mark.parametrize(
    ("first", "second"), [("k", '"k"'), ('"k"', "k"), (r'"a\"b\\c"', r'a"b\c')]
)
async def test_a_key_in_quotes_and_one_without_are_one(shop: Shop, first: str, second: str) -> None:
    (one,) = await shop.put(10)
    items = [{"productId": one, "quantity": 5}]

    answers = [await sent(shop, key, UPDATE, u=items) for key in (first, second)]

    assert [is_replay(answer) for answer in answers] == [False, True]
    assert shop.stocks() == {one: 15}


@pytest.mark.parametrize("chunks", [1, 3])
async def test_a_key_that_was_stored_in_quotes_is_found(shop: Shop, chunks: int) -> None:
    ids = await shop.put(*[10] * chunks)
    items = [{"productId": one, "quantity": 5} for one in ids]
    query = UPDATE.replace("updates: $u", "updates: $u, options: {batchSize: 1}")
    await sent(shop, "k", query, u=items)
    where = {"_id": batches(shop)[0]["_id"]}
    shop.admin[shop.database]["batchOperations"].update_one(
        where, {"$set": {"idempotencyKey": '"k"'}}
    )

    assert is_replay(await sent(shop, '"k"', query, u=items))
    assert set(shop.stocks().values()) == {15}
    assert len(batches(shop)) == 1


@pytest.mark.parametrize("key", ['"', '"a', '"a"b', '"a";b=1', r'"a\b"', '"a" ' + '"b"'])
async def test_what_begins_with_a_quote_and_is_no_such_text_is_refused(
    shop: Shop, key: str
) -> None:
    (one,) = await shop.put(10)

    answer = (await sent(shop, key, UPDATE, u=[{"productId": one, "quantity": 5}])).json()

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_INPUT"]
    assert shop.stocks() == {one: 10}


async def test_the_same_items_in_another_form_are_the_same_content(shop: Shop) -> None:
    (one,) = await shop.put(10)
    forms = [(one, 5), (one.upper(), 5.0)]

    answers = [
        await sent(shop, "k", UPDATE, u=[{"productId": product, "quantity": quantity}])
        for product, quantity in forms
    ]

    assert [is_replay(answer) for answer in answers] == [False, True]
    names = ["Café", "Cafe\u0301", " Café\t"]
    products = [{"name": name, "price": 1, "stock": 0, "category": "x"} for name in names]
    answers = [await sent(shop, "names", CREATE, p=[product]) for product in products]
    assert [is_replay(answer) for answer in answers] == [False, True, True]
    update = {"productId": one, "quantity": 1}
    updates = [update, update | {"expectedStock": None}]
    answers = [await sent(shop, "null", UPDATE, u=[each]) for each in updates]
    assert [is_replay(answer) for answer in answers] == [False, True]


async def test_a_product_is_found_by_either_form_of_its_name(shop: Shop) -> None:
    product = {"name": "Cafe\u0301 cup", "price": 1, "stock": 0, "category": "Cre\u0300me"}
    await sent(shop, "k", CREATE, p=[product])
    await shop.put(1)
    shop.products.update_one(
        {"name": "Cup"}, {"$set": {"name": "Cafe\u0301 old", "category": "Cre\u0300me"}}
    )
    query = "query($f: ProductFilter) { products(filter: $f) { edges { node { name } } } }"

    for where in ({"namePrefix": "Caf\u00e9"}, {"namePrefix": "Cafe\u0301"},
                  {"category": "Cr\u00e8me"}, {"category": "Cre\u0300me"}):  # fmt: skip
        found = await shop.ask(query, f=where)
        names = sorted(edge["node"]["name"] for edge in found["edges"])
        assert names == sorted(["Caf\u00e9 cup", "Cafe\u0301 old"])
