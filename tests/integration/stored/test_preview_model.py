"""A dry run in the background tells what applying the same batch then does, whatever its chunks."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.domain.item_result import Input, ItemResult
from server.domain.outcome import Failed
from server.kinds.create_products.rules import Created
from server.kinds.kind import BatchWork
from server.kinds.registry import KINDS
from server.kinds.shown import old_stock
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.batch_work import results, submit, work_off
from tests.support.models.option_cases import NOW, name_of, opening_store
from tests.support.models.option_store import fill, stored
from tests.support.shop import Shop, open_shop

OPENING = opening_store(2)
_SITUATIONS = ["plain", "plain", "counted", "free", "gone", "expired", "never"]
IDS = st.one_of(
    *[st.builds(name_of, st.sampled_from(_SITUATIONS), st.integers(0, 1))] * 6,
    st.just(name_of("plain", 0).upper()),
    st.sampled_from(["nonsense", ""]),
)
QUANTITIES = st.one_of(st.integers(-12, 12), st.sampled_from([0.5, "7", 2**31 - 1, -(2**31), True]))
FIELDS: dict[str, dict[str, Any]] = {
    "updateStock": {
        "productId": IDS,
        "quantity": QUANTITIES,
        "expectedStock": st.one_of(st.none(), st.integers(0, 12)),
    },
    "discontinueProducts": {"productId": IDS},
    "updatePrice": {"productId": IDS},
    "createProducts": {
        "id": st.one_of(IDS, IDS, st.none()),
        "name": st.sampled_from(["Cup", " ", "Bowl"]),
        "price": st.just(100),
        "stock": st.integers(-1, 3),
        "category": st.just("new"),
    },
    "updateProducts": {
        "productId": IDS,
        "data": st.fixed_dictionaries(
            {}, optional={"name": st.sampled_from(["A", "B", ""]), "price": st.integers(-1, 3)}
        ),
    },
    "deleteProducts": {"productId": IDS, "cascadeDelete": st.sampled_from([None, True, False])},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "updatePrice": {"newPrice": st.integers(0, 3)},
    "createProducts": {"expireIn": st.sampled_from([1, 60_000])},
    "updateProducts": {"expireIn": st.sampled_from([1, 60_000])},
    "deleteProducts": {"cascadeDelete": st.booleans()},
}
Case = tuple[BatchWork[Any, Any], Sequence[Input], int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    items = draw(st.lists(st.fixed_dictionaries(FIELDS[kind.name]), min_size=1, max_size=24))
    chosen = {name: draw(value) for name, value in SETTINGS.get(kind.name, {}).items()}
    if kind.name in ("createProducts", "updateProducts") and draw(st.booleans()):
        chosen = {}
    sent = [{name: value for name, value in item.items() if value is not None} for item in items]
    return kind.work(chosen), sent, draw(st.integers(1, 7))


async def outcomes_of(shop: Shop, case: Case, *, dry_run: bool) -> list[Any]:
    """Return what came of each item, without what no two runs have in common."""
    work, items, size = case
    batch_id = await submit(shop, items, work, batch_size=size, dry_run=dry_run)
    await work_off(shop)
    return [_compared(result) for result in await results(shop, batch_id)]


def _compared(result: ItemResult) -> Any:
    outcome = result.outcome
    if isinstance(outcome, Created) and outcome.product_id is None:
        return re.sub(outcome.product.id, "a new id", repr(outcome))
    if isinstance(outcome, Failed):
        return outcome
    return outcome, old_stock(result)


def test_a_preview_tells_what_applying_the_batch_then_does(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    with asyncio.Runner() as loop:
        opened = AsyncExitStack()
        shop = loop.run(opened.enter_async_context(open_shop(mongod.uri, driver_name)))
        shop.clock.stand_at(NOW)
        held = stored(shop)

        @settings(
            max_examples=60,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases())
        def compare(case: Case) -> None:
            nonlocal held
            fill(shop, held, OPENING)
            held = OPENING
            previewed = loop.run(outcomes_of(shop, case, dry_run=True))
            assert stored(shop) == OPENING
            loop.run(shop.assembly.housekeeping.run_once())
            assert shop.admin[shop.database]["carriedProducts"].count_documents({}) == 0

            applied = loop.run(outcomes_of(shop, case, dry_run=False))

            held = stored(shop)
            assert previewed == applied

        try:
            compare()
        finally:
            loop.run(opened.aclose())
