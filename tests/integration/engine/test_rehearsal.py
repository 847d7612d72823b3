"""Find items at fault that are wrong only together with others, in a limited time."""

import pytest

from server.batches.engine import chunk
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.create_products.rules import Created
from tests.support.shop import Shop

NAMES = ["a", "b", "a", "c", "b", "a"]  # the third, fifth and sixth are one too many


def told(outcomes: object) -> list[str]:
    assert isinstance(outcomes, list)
    return [one.error.code.value if isinstance(one, Failed) else "OK" for one in outcomes]


@pytest.fixture(autouse=True)
def unique_names(shop: Shop) -> None:
    shop.products.create_index("name", unique=True)


async def test_an_atomic_batch_names_every_item_that_is_one_too_many(shop: Shop) -> None:
    outcomes = await shop.create(*({"name": name} for name in NAMES), atomic=True)

    duplicate, innocent = "DUPLICATE_KEY", "ROLLED_BACK"
    assert told(outcomes) == [innocent, innocent, duplicate, innocent, duplicate, duplicate]
    assert shop.stocks() == {}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_an_atomic_batch_that_continues_does_without_them(shop: Shop, dry_run: bool) -> None:
    outcomes = await shop.create(
        *({"name": name} for name in NAMES), atomic=True, continue_on_error=True, dry_run=dry_run
    )

    created = [one.product.name for one in outcomes if isinstance(one, Created)]
    assert created == ["a", "b", "c"]
    stored = sorted(one["name"] for one in shop.products.find())
    assert stored == ([] if dry_run else ["a", "b", "c"])


async def test_items_at_fault_that_are_not_found_in_time_leave_everything_undone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which item is to blame is not known, so no item is blamed."""
    monkeypatch.setattr(chunk, "REHEARSAL_SECONDS", 0.0)

    outcomes = await shop.create(
        *({"name": name} for name in NAMES), atomic=True, continue_on_error=True
    )

    failures = [one for one in outcomes if isinstance(one, Failed)]
    assert [one.error.code for one in failures] == [ItemErrorCode.INTERNAL] * 6
    assert "the time was too short to find them" in failures[0].error.message
    assert shop.stocks() == {}
