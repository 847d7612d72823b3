"""Change the same few products from many callers at once: nothing is lost or invented."""

import asyncio
import itertools
import random

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.discontinue_products.rules import Discontinued, Unchanged
from server.kinds.update_stock.rules import Applied, StockOutcome
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.shop import Shop, open_shop

CALLERS = 32
BATCHES_EACH = 25
HOT_PRODUCTS = 20


async def test_32_callers_on_20_hot_products_conserve_the_stock(shop: Shop) -> None:
    await conserved_by_callers_of([shop])

    assert shop.retries("conflict") == 0


async def test_32_callers_of_two_servers_on_20_hot_products_conserve_the_stock(
    shop: Shop, mongod: EmbeddedMongod
) -> None:
    """What takes turns inside one server meets as write conflicts between two."""
    async with open_shop(mongod.uri, "pymongo", database=shop.database) as other:
        await conserved_by_callers_of([shop, other])

        assert shop.retries("conflict") + other.retries("conflict") > 0


async def conserved_by_callers_of(shops: list[Shop]) -> None:
    shop = shops[0]
    ids = await shop.put(*[100] * HOT_PRODUCTS)
    opening = shop.stocks()
    seeds = random.Random(2026)

    async def caller(server: Shop, dice: random.Random) -> list[list[StockOutcome]]:
        answers = []
        for _ in range(BATCHES_EACH):
            named = dice.sample(ids, 5)
            answers.append(await server.update([(one, dice.randint(-30, 30)) for one in named]))
        return answers

    servers = itertools.islice(itertools.cycle(shops), CALLERS)
    callers = [caller(server, random.Random(seeds.random())) for server in servers]
    answers = [answer for each in await asyncio.gather(*callers) for answer in each]

    outcomes = [outcome for answer in answers for outcome in answer]
    refused = {one.error.code for one in outcomes if isinstance(one, Failed)}
    assert len(answers) == CALLERS * BATCHES_EACH
    assert [len(answer) for answer in answers] == [5] * len(answers)
    assert refused <= {ItemErrorCode.INSUFFICIENT_STOCK}
    shop.assert_ledger_explains(opening)
    told = sum(outcome.quantity for outcome in outcomes if isinstance(outcome, Applied))
    assert sum(shop.stocks().values()) == sum(opening.values()) + told
    assert len(shop.rows()) == len(outcomes)


async def test_of_two_batches_that_want_more_than_there_is_exactly_one_gets_it(
    shop: Shop,
) -> None:
    for _ in range(20):
        (one,) = await shop.put(10)

        answers = await asyncio.gather(shop.update([(one, -7)]), shop.update([(one, -7)]))

        outcomes = [answer[0] for answer in answers]
        (applied,) = [each for each in outcomes if isinstance(each, Applied)]
        (failed,) = [each for each in outcomes if isinstance(each, Failed)]
        assert applied.new_stock == 3
        assert failed.error.code is ItemErrorCode.INSUFFICIENT_STOCK
        assert failed.error.current_stock == 3
        assert shop.stocks()[one] == 3


async def test_of_two_atomic_batches_that_overlap_exactly_one_gets_it(shop: Shop) -> None:
    for _ in range(10):
        left, shared, right = await shop.put(10, 10, 10)

        first, second = await asyncio.gather(
            shop.update([(left, -1), (shared, -7)], atomic=True),
            shop.update([(shared, -7), (right, -1)], atomic=True),
        )

        won = [all(isinstance(one, Applied) for one in answer) for answer in (first, second)]
        assert sorted(won) == [False, True]
        stocks = shop.stocks()
        assert stocks[shared] == 3
        assert (stocks[left], stocks[right]) == ((9, 10) if won[0] else (10, 9))


async def test_a_quantity_of_zero_guards_an_expected_stock_against_another_server(
    shop: Shop, mongod: EmbeddedMongod
) -> None:
    """Each takes one of a product if the other's is untouched: both at once would be a skew."""
    async with open_shop(mongod.uri, "pymongo", database=shop.database) as other:
        for _ in range(20):
            a, b = await shop.put(5, 5)

            answers = await asyncio.gather(
                shop.update([(a, 0, 5), (b, -1)], atomic=True),
                other.update([(b, 0, 5), (a, -1)], atomic=True),
            )

            won = [all(isinstance(one, Applied) for one in answer) for answer in answers]
            assert sorted(won) == [False, True]


async def test_a_product_is_discontinued_by_one_caller_only(shop: Shop) -> None:
    (one,) = await shop.put(10)

    answers = await asyncio.gather(*(shop.discontinue([one]) for _ in range(20)))

    kinds = sorted(type(answer[0]).__name__ for answer in answers)
    assert kinds == [Discontinued.__name__, *[Unchanged.__name__] * 19]
    assert [row["quantity"] for row in shop.rows()] == [-10]


async def test_updates_that_race_a_discontinuation_end_before_it(shop: Shop) -> None:
    ids = await shop.put(*[50] * 10)
    opening = shop.stocks()

    await asyncio.gather(
        *(shop.update([(one, -1) for one in ids]) for _ in range(10)),
        shop.discontinue(ids),
        *(shop.update([(one, 1) for one in ids]) for _ in range(10)),
    )

    shop.assert_ledger_explains(opening)
    assert set(shop.stocks().values()) == {0}
    assert len(shop.rows(reason="discontinued")) == 10
    assert len(shop.rows(reason="adjustment")) == 200
    refused = {row["code"] for row in shop.rows(status="failed")}
    assert refused <= {ItemErrorCode.PRODUCT_DISCONTINUED.value}


async def test_the_same_updates_in_both_orders_do_not_lock_each_other_out(shop: Shop) -> None:
    ids = await shop.put(*[100] * 50)
    opening = shop.stocks()

    await asyncio.gather(
        *(shop.update([(one, -1) for one in ids]) for _ in range(8)),
        *(shop.update([(one, -1) for one in reversed(ids)]) for _ in range(8)),
    )

    shop.assert_ledger_explains(opening)
    assert set(shop.stocks().values()) == {84}
