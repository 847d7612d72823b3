"""Create, update and delete with every combination of their options, against `option_model`.

Each case compares the whole answer, and then everything that the database holds.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.models.option_cases import (
    GOOD,
    NOW,
    OPENING,
    RANDOM_OPENING,
    SLOTS,
    Case,
    batches,
    name_of,
    patch,
    requests,
    with_every_combination,
)
from tests.support.models.option_model import Json, Operation, Store, run
from tests.support.models.option_store import fill, stored
from tests.support.shop import Shop, open_shop

FAILED = "failed { index productId error { ...told } errors { ...told } }"
FRAGMENTS = """
fragment whole on Product {
  id name price stock category discontinued createdAt updatedAt expiresAt
}
fragment told on ItemError { code path retryable currentStock }
"""
ARGUMENTS: dict[Operation, str] = {"create": "products", "update": "updates", "delete": "deletes"}
QUERIES: dict[Operation, str] = {
    "create": f"""
mutation ($items: [CreateProductInput!]!, $options: BatchCreateOptions) {{
  batchCreateProducts(products: $items, options: $options) {{
    outcome created {{ ...whole }} {FAILED} stats {{ total created failed }}
  }}
}}""",
    "update": f"""
mutation ($items: [UpdateProductInput!]!, $options: BatchUpdateOptions) {{
  batchUpdateProducts(updates: $items, options: $options) {{
    outcome updated {{ ...whole }} notFound {{ index productId }} {FAILED}
    stats {{ total updated notFound failed }}
  }}
}}""",
    "delete": f"""
mutation ($items: [DeleteProductInput!]!, $options: BatchDeleteOptions) {{
  batchDeleteProducts(deletes: $items, options: $options) {{
    outcome deleted {{ ...whole }} deletedCount notFound {{ index productId }} {FAILED}
    stats {{ total deleted notFound failed cascaded }}
  }}
}}""",
}


async def send(
    client: httpx.AsyncClient, operation: Operation, items: Sequence[Json], options: Json
) -> Json:
    variables = {"items": items, "options": options}
    response = await client.post(
        "/graphql", json={"query": QUERIES[operation] + FRAGMENTS, "variables": variables}
    )
    answer = response.json()
    assert "errors" not in answer
    (value,) = answer["data"].values()
    return dict(value)


def as_sent(operation: Operation, answer: Json) -> Json:
    """Return the model's answer as JSON has it."""

    def told(index: int, code: str, path: Sequence[str]) -> Json:
        return {
            "code": code,
            "path": [ARGUMENTS[operation], str(index), *path],
            "retryable": code in {"ROLLED_BACK", "NOT_ATTEMPTED"},
            "currentStock": None,
        }

    failed = []
    for one in answer["failed"]:
        errors = [told(one["index"], *error) for error in one["errors"]]
        failed.append(one | {"error": errors[0], "errors": errors})
    done = f"{operation}d"
    bodies = [{name: as_text(value) for name, value in one.items()} for one in answer[done]]
    return answer | {"failed": failed, done: bodies}


def as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


class NewIds:
    """Rename products whose id the server made as the model does: "new" and the item's index.

    The index is the last word of the product's name.
    """

    def __init__(self, before: Store, items: Sequence[Json]) -> None:
        self.known = {*before.products, *(str(item.get("id")).lower() for item in items)}
        self.made: dict[str, str] = {}

    def in_answer(self, answer: Json) -> Json:
        if "created" not in answer:
            return answer
        created = [one | {"id": self._called(one["id"], one)} for one in answer["created"]]
        assert len(set(self.made.values())) == len(self.made)
        return answer | {"created": created}

    def in_store(self, store: Store) -> Store:
        products = {self._called(one, fields): fields for one, fields in store.products.items()}
        return Store(products, store.rows)

    def _called(self, one: str, fields: Json) -> str:
        if one in self.known:
            return one
        assert re.fullmatch("[0-9a-f]{24}", one)
        name = f"new {fields['name'].split()[-1]}"
        assert self.made.setdefault(name, one) == one
        return name


async def compare(
    shop: Shop, client: httpx.AsyncClient, before: Store, case: Case, options: Json
) -> Store:
    """Run a batch on `before`, which the database holds, and check it against the model.

    Return what the database holds afterwards.
    """
    options = case.options | options
    answer = await send(client, case.operation, case.items, options)
    after = stored(shop)

    expected, store = run(before, case.operation, case.items, options, shop.clock())
    new_ids, told = NewIds(before, case.items), f"{case.kind}, {case.place}, {options}"
    assert new_ids.in_answer(answer) == as_sent(case.operation, expected), told
    assert new_ids.in_store(after) == store, told
    return after


@pytest.mark.either_driver
@with_every_combination
async def test_every_combination_of_options_does_what_the_table_says(
    shop: Shop, operation: Operation, options: Json
) -> None:
    shop.clock.stand_at(NOW)
    before = Store({}, {})
    async with shop.http() as client:
        for case, way in requests(operation, atomic=options["atomic"]):
            fill(shop, before, OPENING)
            before = await compare(shop, client, OPENING, case, options | way)


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("operation", ["create", "update", "delete"])
async def test_a_batch_is_one_transaction_if_atomic_and_otherwise_one_per_chunk(
    shop: Shop, operation: Operation, goes_on: bool
) -> None:
    shop.clock.stand_at(NOW)
    distinct = [patch(name_of("plain", i), price=i) for i in SLOTS]
    items = distinct if operation == "update" else GOOD[operation]
    ends = {}
    async with shop.http() as client:
        for atomic, size in product([True, False], [3, 500]):
            fill(shop, stored(shop), OPENING)
            shop.commands.names.clear()
            options = {"atomic": atomic, "continueOnError": goes_on, "batchSize": size}
            await send(client, operation, items, options)
            ends[atomic, size] = [n for n in shop.commands.names if n.endswith("Transaction")]

    whole = ["commitTransaction"]
    assert ends == {
        (True, 3): whole,
        (True, 500): whole,
        (False, 3): whole * 3,
        (False, 500): whole,
    }


def test_random_batches_do_what_the_table_says(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    """Each batch runs on what the one before left, while products expire."""

    async def play(shop: Shop, client: httpx.AsyncClient, sent: Sequence[Case]) -> None:
        fill(shop, stored(shop), before := RANDOM_OPENING)
        for step, case in enumerate(sent):
            shop.clock.stand_at(NOW + timedelta(milliseconds=step))
            before = await compare(shop, client, before, case, {})

    with asyncio.Runner() as loop:
        opened = AsyncExitStack()
        shop = loop.run(opened.enter_async_context(open_shop(mongod.uri, driver_name)))
        client = loop.run(opened.enter_async_context(shop.http()))

        # Shrinking takes minutes on a real database: add Phase.shrink when this has failed.
        @settings(
            max_examples=60,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(batches(), min_size=1, max_size=3))
        def agree(sent: list[Case]) -> None:
            loop.run(play(shop, client, sent))

        try:
            agree()
        finally:
            loop.run(opened.aclose())
