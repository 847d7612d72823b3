"""Send idempotency keys in each way, and texts that are no keys."""

import pytest

from tests.support.shop import Shop
from tests.support.web.whole_answers import code_of, data_of, everything, is_replay, post

pytestmark = pytest.mark.either_driver

STOCK = """
mutation ($one: ID!, $key: String) {
  batchUpdateStock(updates: [{productId: $one, quantity: 5}], idempotencyKey: $key) { newStock }
}
"""


@pytest.mark.parametrize("where", ["header", "argument", "both", "null beside the header"])
async def test_a_key_may_come_by_header_or_argument(shop: Shop, where: str) -> None:
    (one,) = await shop.put(10)
    argument = "key" if where in ("argument", "both") else None
    header = None if where == "argument" else "key"
    async with shop.http() as client:
        first = await post(client, STOCK, {"one": one, "key": argument}, header)
        by_header = await post(client, STOCK, {"one": one}, "key")
        by_argument = await post(client, STOCK, {"one": one, "key": "key"})

    assert data_of(first) == data_of(by_header) == data_of(by_argument) == [{"newStock": 15}]
    assert [is_replay(answer) for answer in (first, by_header, by_argument)] == [False, True, True]
    assert shop.stocks() == {one: 15}


async def test_two_keys_of_one_request_that_differ_are_refused(shop: Shop) -> None:
    (one,) = await shop.put(10)
    before = everything(shop)
    async with shop.http() as client:
        answer = await post(client, STOCK, {"one": one, "key": "key"}, "another")

    assert code_of(answer) == "BAD_INPUT"
    assert "idempotencyKey and the header Idempotency-Key are differ" in str(answer["errors"])
    assert everything(shop) == before


BAD_KEYS = {"empty": "", "long": "x" * 201, "control": "a\tb", "umlaut": "ä", "half": "\ud800"}


@pytest.mark.parametrize("kind", BAD_KEYS)
async def test_what_is_no_key_is_refused(shop: Shop, kind: str) -> None:
    (one,) = await shop.put(10)
    before = everything(shop)
    async with shop.http() as client:
        answer = await post(client, STOCK, {"one": one, "key": BAD_KEYS[kind]})

    assert code_of(answer) == "BAD_INPUT"
    told = "idempotencyKey must be 1 to 200 printable ASCII characters."
    assert [error["message"] for error in answer["errors"]] == [told]
    assert everything(shop) == before


@pytest.mark.parametrize("sent", [b"", b"x" * 201, b"\xc3\xa4", b"a\tb"])
async def test_what_is_no_key_in_the_header_is_refused(shop: Shop, sent: bytes) -> None:
    (one,) = await shop.put(10)
    before = everything(shop)
    async with shop.http() as client:
        response = await client.post(
            "/graphql",
            json={"query": STOCK, "variables": {"one": one}},
            headers=[(b"Idempotency-Key", sent)],
        )

    assert code_of(response.json()) == "BAD_INPUT"
    assert everything(shop) == before


@pytest.mark.parametrize("key", ["x" * 200, "~!\"$&'()*+,-./:;<=>?@[\\]^_`{|} 0aA"])
async def test_any_printable_key_is_one(shop: Shop, key: str) -> None:
    (one,) = await shop.put(10)
    async with shop.http() as client:
        answers = [await post(client, STOCK, {"one": one, "key": key}, key) for _ in range(2)]

    assert [is_replay(answer) for answer in answers] == [False, True]
    assert shop.stocks() == {one: 15}


async def test_a_header_for_two_mutations_is_refused(shop: Shop) -> None:
    (one,) = await shop.put(10)
    before = everything(shop)
    update = f'batchUpdateStock(updates: [{{productId: "{one}", quantity: 5}}]'
    for first, second in [("a: ", "b: "), ("a: ", "")]:
        query = f"mutation {{ {first}{update}) {{ newStock }} ...F }} "
        query += f"fragment F on Mutation {{ {second}{update}) {{ newStock }} }}"
        async with shop.http() as client:
            answer = await post(client, query, {}, "key")

        assert code_of(answer) == "BAD_INPUT"
        assert "one mutation, and this one has 2" in str(answer["errors"])
        assert everything(shop) == before


async def test_two_mutations_may_have_a_key_each(shop: Shop) -> None:
    (one,) = await shop.put(10)
    update = f'batchUpdateStock(updates: [{{productId: "{one}", quantity: 5}}], idempotencyKey: '
    query = f'mutation {{ a: {update} "a") {{ newStock }} b: {update} "b") {{ newStock }} }}'
    async with shop.http() as client:
        first, again = [await post(client, query, {}) for _ in range(2)]

    assert first["data"] == again["data"] == {"a": [{"newStock": 15}], "b": [{"newStock": 20}]}
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert shop.stocks() == {one: 20}


@pytest.mark.parametrize("key", ["key", "", "x" * 300])
async def test_a_header_means_nothing_to_a_query(shop: Shop, key: str) -> None:
    query = "{ products { totalCount } stockUpdates { totalCount } }"
    async with shop.http() as client:
        response = await client.post(
            "/graphql", json={"query": query}, headers={"Idempotency-Key": key}
        )

    answer = response.json()
    assert answer == {"data": {"products": {"totalCount": 0}, "stockUpdates": {"totalCount": 0}}}
