"""Search the results of a batch by product and by code, through pages of every size."""

import random
from typing import Any

import pytest

from server.domain.item_error import ItemErrorCode
from server.domain.listing import PageRequest
from server.domain.outcome import Failed
from server.domain.result_filter import ResultFilter
from server.kinds import shown
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from tests.support.batches.batch_work import plus_one, results, submit, work_off
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

SEARCH = """
query ($id: ID!, $productId: ID, $code: ItemErrorCode, $success: Boolean) {
  batchOperation(id: $id) {
    results(productId: $productId, code: $code, success: $success) {
      totalCount
      edges { node { index } }
    }
  }
}
"""


async def pages(shop: Shop, batch: str, where: ResultFilter, first: int) -> list[Any]:
    read: list[Any] = []
    after = None
    while True:
        page = await shop.services.results.page(batch, PageRequest(first=first, after=after), where)
        read += page.items
        if not page.has_next:
            return read
        after = page.cursors[-1]


def code_of(result: Any) -> str | None:
    return result.outcome.error.code.value if isinstance(result.outcome, Failed) else None


async def found(shop: Shop, batch: str, **variables: Any) -> list[int]:
    answer = (await shop.ask(SEARCH, id=batch, **variables))["results"]
    indexes = [edge["node"]["index"] for edge in answer["edges"]]
    assert answer["totalCount"] == len(indexes)
    return indexes


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_a_search_finds_what_a_look_at_all_results_finds(shop: Shop, size: int) -> None:
    ids = await shop.put(*[3] * 8)
    choice = random.Random(size)
    picked = [choice.choice([*ids, UNKNOWN_ID, "nonsense"]) for _ in range(80)]
    sent = [{"productId": one, "quantity": choice.choice([1, -3])} for one in picked]
    batch = await submit(shop, sent, batch_size=size)
    await work_off(shop)
    everything = await results(shop, batch)
    codes = {code_of(one) for one in everything}
    assert codes == {None, "PRODUCT_NOT_FOUND", "INVALID_PRODUCT_ID", "INSUFFICIENT_STOCK"}

    for product in (None, ids[0], UNKNOWN_ID):
        for code in (None, ItemErrorCode.INSUFFICIENT_STOCK, ItemErrorCode.PRODUCT_NOT_FOUND):
            for success in (None, True, False):
                where = ResultFilter(success=success, product_id=product, code=code)
                wanted = [
                    one
                    for one in everything
                    if success in (None, one.success)
                    and product in (None, shown.product_id(one))
                    and (code is None or code_of(one) == code.value)
                ]
                for first in (1, 4, 1000):
                    assert await pages(shop, batch, where, first) == wanted
                assert await shop.services.results.count(batch, where) == len(wanted)


async def test_a_search_ends_before_what_is_not_done(shop: Shop) -> None:
    (one, *_), size = await shop.put(*[10] * 4), 2
    batch = await submit(shop, plus_one([one, UNKNOWN_ID] * 4), batch_size=size)

    assert await found(shop, batch, productId=UNKNOWN_ID) == []
    await work_off(shop)

    assert await found(shop, batch, productId=UNKNOWN_ID) == [1, 3, 5, 7]


async def test_an_id_is_found_however_it_was_spelt(shop: Shop) -> None:
    known = "abcdefabcdefabcdefabcdef"
    batch = await submit(shop, plus_one([known.upper(), known, "AbCdEf" * 4, UNKNOWN_ID]))
    await work_off(shop)

    assert await found(shop, batch, productId="ABCDEF" * 4) == [0, 1, 2]


async def test_a_product_that_was_created_is_found(shop: Shop) -> None:
    sent = [{"name": name, "price": 1, "stock": 1, "category": "tea"} for name in ("a", "b")]
    batch = await submit(shop, sent, CREATE_PRODUCTS.work())
    await work_off(shop)
    _, second = await results(shop, batch)

    assert await found(shop, batch, productId=shown.product_id(second)) == [1]


async def test_what_was_sent_as_an_id_may_be_anything(shop: Shop) -> None:
    ids = ("\ud800", "", 5, None, [], {}, UNKNOWN_ID)
    batch = await submit(shop, [{"productId": one, "quantity": 1} for one in ids])
    await work_off(shop)

    assert await found(shop, batch, productId=UNKNOWN_ID) == [6]
    assert await found(shop, batch, code="INVALID_PRODUCT_ID") == [0, 1, 2, 3, 4, 5]


async def test_a_search_for_what_is_no_id_is_refused(shop: Shop) -> None:
    batch = await submit(shop, plus_one([UNKNOWN_ID]))

    answer = await shop.post_query(SEARCH, id=batch, productId="x")

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert error["message"] == "productId is “x”: an id is 24 hexadecimal characters."
