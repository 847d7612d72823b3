"""List the commands that the engine sends to the database."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from bson import ObjectId

from server.domain.outcome import Failed, any_failed
from server.kinds.update_products.rules import SentPatch
from tests.support.shop import UNKNOWN_ID, Shop


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


async def test_creating_500_products_with_ids_of_the_callers_own_takes_four_commands(
    shop: Shop,
) -> None:
    shop.commands.names.clear()

    outcomes = await shop.create(*({"own_id": str(ObjectId())} for _ in range(500)), atomic=True)

    assert not any_failed(outcomes)
    assert shop.commands.names == ["find", "insert", "insert", "commitTransaction"]
    assert marks(shop) == 1  # an id that somebody else may bring as well is no evidence


async def test_creating_500_products_without_ids_takes_two_commands(shop: Shop) -> None:
    shop.commands.names.clear()

    outcomes = await shop.create(*[{}] * 500, atomic=True)

    assert not any_failed(outcomes)
    assert shop.commands.names == ["insert", "commitTransaction"]
    assert marks(shop) == 0


async def test_an_id_among_500_is_looked_up_alone(shop: Shop) -> None:
    (taken,) = await shop.put(10)
    shop.commands.names.clear()

    outcomes = await shop.create(*[{}] * 499, {"own_id": taken})

    assert [one.index for one in outcomes if isinstance(one, Failed)] == [499]
    assert shop.commands.names == ["find", "insert", "commitTransaction"]


async def test_creating_10_000_products_without_ids_looks_nothing_up(shop: Shop) -> None:
    shop.commands.names.clear()

    outcomes = await shop.create(*[{}] * 10_000)

    assert not any_failed(outcomes)
    assert shop.products.count_documents({}) == 10_000
    assert Counter(shop.commands.names) == {"insert": 20, "commitTransaction": 20}


async def test_an_id_that_has_expired_takes_three_commands_more(shop: Shop) -> None:
    """The rows are counted, the expired product is deleted first, and a mark says so."""
    (gone,) = await shop.put(10, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    shop.commands.names.clear()

    outcomes = await shop.create({"own_id": gone}, {})

    assert not any_failed(outcomes)
    assert shop.commands.names == [
        "find", "aggregate", "delete", "insert", "insert", "commitTransaction"
    ]  # fmt: skip
    assert marks(shop) == 1


async def test_updating_500_products_takes_four_commands(shop: Shop) -> None:
    """The insert is the mark by which the commit can be recognised."""
    ids = await shop.put(*[10] * 500)
    patches: list[tuple[str, SentPatch]] = [
        (one, {"price": place % 7}) for place, one in enumerate(ids)
    ]
    shop.commands.names.clear()

    outcomes = await shop.patch(*patches, atomic=True)

    assert not any_failed(outcomes)
    assert shop.commands.names == ["find", "update", "insert", "commitTransaction"]
    assert marks(shop) == 1


async def test_deleting_500_products_takes_six_commands(shop: Shop) -> None:
    """The rows of the ledger are counted, and those that wait in chunks are looked for; the last
    insert is that of the mark."""
    ids = await shop.put(*[10] * 500)
    shop.commands.names.clear()

    outcomes = await shop.delete(*ids, atomic=True)

    assert not any_failed(outcomes)
    assert shop.commands.names == [
        *("find", "aggregate", "find"),
        *("delete", "insert", "commitTransaction"),
    ]
    assert marks(shop) == 1


async def test_deleting_500_products_with_their_rows_takes_six_commands(shop: Shop) -> None:
    ids = await shop.put(*[10] * 500)
    await shop.update([(one, 1) for one in ids])
    shop.commands.names.clear()

    outcomes = await shop.delete(*ids, cascade=True, atomic=True)

    assert not any_failed(outcomes)
    assert shop.commands.names == [
        "find", "aggregate", "delete", "delete", "insert", "commitTransaction"
    ]  # fmt: skip
    assert marks(shop) == 1
    assert shop.rows() == []


async def test_a_cascade_that_finds_no_rows_deletes_none(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    shop.commands.names.clear()

    await shop.delete(*ids, cascade=True)

    assert shop.commands.names == ["find", "aggregate", "delete", "insert", "commitTransaction"]


async def test_items_whose_fields_are_bad_take_no_command(shop: Shop) -> None:
    shop.commands.names.clear()

    await shop.create({"name": ""}, {"own_id": "nonsense"})
    await shop.patch(("nonsense", {"name": "New"}), ("", {}))
    await shop.delete("nonsense", "")

    assert shop.commands.names == []


@pytest.mark.parametrize(
    "options", [{}, {"continue_on_error": False}, {"atomic": True}], ids=["chunk", "stop", "atomic"]
)
async def test_a_chunk_in_which_everything_failed_writes_nothing(
    shop: Shop, options: dict[str, bool]
) -> None:
    (taken,) = await shop.put(10)
    shop.commands.names.clear()

    await shop.create({"own_id": taken}, {"own_id": taken}, **options)
    await shop.patch((UNKNOWN_ID, {"name": "New"}), **options)
    await shop.delete(UNKNOWN_ID, **options)

    assert set(shop.commands.names) == {"find", "commitTransaction"}
    assert marks(shop) == 0
    assert shop.stocks() == {taken: 10}


async def test_an_atomic_batch_that_is_undone_writes_nothing(shop: Shop) -> None:
    (taken,) = await shop.put(10)
    shop.commands.names.clear()

    await shop.create({}, {"own_id": taken}, atomic=True)
    await shop.patch((taken, {"name": "New"}), (UNKNOWN_ID, {"name": "New"}), atomic=True)
    await shop.delete(taken, UNKNOWN_ID, atomic=True)

    assert set(shop.commands.names) == {"find", "aggregate", "commitTransaction"}
    assert marks(shop) == 0
    assert shop.stocks() == {taken: 10}


async def test_a_dry_run_writes_what_the_real_run_would_and_commits_nothing(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    await shop.update([(ids[1], 1)])
    documents, rows = list(shop.products.find()), shop.rows()
    shop.commands.names.clear()

    await shop.create({}, {"own_id": str(ObjectId())}, dry_run=True)
    await shop.patch((ids[0], {"name": "New"}), dry_run=True)
    await shop.delete(*ids, cascade=True, dry_run=True)

    assert shop.commands.names == [
        *["find", "insert", "abortTransaction"],
        *["find", "update", "abortTransaction"],
        *["find", "aggregate", "delete", "delete", "abortTransaction"],
    ]
    assert (list(shop.products.find()), shop.rows()) == (documents, rows)
    assert marks(shop) == 0


def marks(shop: Shop) -> int:
    """Return how many commits left a mark, for want of a document of their own."""
    count: int = shop.marks.count_documents({})
    return count
