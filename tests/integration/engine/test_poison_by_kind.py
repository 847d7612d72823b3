"""Create, update and delete products with poison among them, in every mode of a batch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome
from server.mongo.products.products import Products
from tests.support.batches.poison import assert_masked
from tests.support.outcomes import code
from tests.support.shop import UNKNOWN_ID, Shop

COUNT, POISON = 500, 6  # the seventh of five hundred


class Batch(Protocol):
    """A batch of 500 distinct items of which the seventh cannot be written."""

    async def run(self, **options: Any) -> Sequence[Outcome]: ...

    def applied(self) -> list[int]:
        """Return the places of the items that took effect in the store."""
        ...


class Creation:
    """Creations, of which a stricter validator refuses one by its name."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._names = [f"Cup {place}" for place in range(COUNT)]

    async def prepare(self, _monkeypatch: pytest.MonkeyPatch) -> None:
        database = self._shop.admin[self._shop.database]
        ours = database["products"].options()["validator"]
        stricter = {"$and": [ours, {"name": {"$ne": self._names[POISON]}}]}
        database.command("collMod", "products", validator=stricter)

    async def run(self, **options: Any) -> Sequence[Outcome]:
        return await self._shop.create(*({"name": name} for name in self._names), **options)

    def applied(self) -> list[int]:
        return sorted(self._names.index(one["name"]) for one in self._shop.products.find())


class Update:
    """Updates, of which the validator refuses every result for one product."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._ids: list[str] = []

    async def prepare(self, _monkeypatch: pytest.MonkeyPatch) -> None:
        self._ids = await self._shop.put(*[10] * COUNT)
        self._shop.spoil(self._ids[POISON])

    async def run(self, **options: Any) -> Sequence[Outcome]:
        return await self._shop.patch(*((one, {"name": "New"}) for one in self._ids), **options)

    def applied(self) -> list[int]:
        return sorted(
            self._ids.index(str(one["_id"])) for one in self._shop.products.find({"name": "New"})
        )


class Deletion:
    """Deletions, of which one makes our own code fail: no validator refuses a deletion."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._ids: list[str] = []

    async def prepare(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ids = await self._shop.put(*[10] * COUNT)
        delete = Products.delete

        async def stumble(products: Products, ids: Collection[str]) -> None:
            await delete(products, list(ids))
            if self._ids[POISON] in ids:
                raise ZeroDivisionError

        monkeypatch.setattr(Products, "delete", stumble)

    async def run(self, **options: Any) -> Sequence[Outcome]:
        return await self._shop.delete(*self._ids, **options)

    def applied(self) -> list[int]:
        left = self._shop.stocks()
        return [place for place, one in enumerate(self._ids) if one not in left]


class UnreadableDeletion(Deletion):
    """Deletions, of which one is of a product without a price, which cannot be read."""

    async def prepare(self, _monkeypatch: pytest.MonkeyPatch) -> None:
        self._ids = await self._shop.put(*[10] * COUNT)
        spoilt = {"q": {"_id": ObjectId(self._ids[POISON])}, "u": {"$unset": {"price": ""}}}
        self._shop.admin[self._shop.database].command(
            "update", "products", updates=[spoilt], bypassDocumentValidation=True
        )


@pytest.fixture(params=[Creation, Update, Deletion, UnreadableDeletion])
async def batch(
    shop: Shop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Batch:
    prepared = request.param(shop)
    await prepared.prepare(monkeypatch)
    shop.commands.names.clear()
    return prepared


OTHERS = [place for place in range(COUNT) if place != POISON]
INTERNAL_CODE, ROLLED_BACK = ItemErrorCode.INTERNAL, ItemErrorCode.ROLLED_BACK


@dataclass(frozen=True)
class Mode:
    """Options, and the codes of the items before and behind the poison, and what is applied."""

    name: str
    options: dict[str, Any]
    before: ItemErrorCode | None
    behind: ItemErrorCode | None
    applied: list[int]

    def __str__(self) -> str:
        return self.name

    @property
    def codes(self) -> list[ItemErrorCode | None]:
        return [*[self.before] * POISON, INTERNAL_CODE, *[self.behind] * (COUNT - POISON - 1)]


STOPPING = {"continue_on_error": False}
ATOMIC, ATOMIC_CONTINUING = {"atomic": True}, {"atomic": True, "continue_on_error": True}
in_every_mode = pytest.mark.parametrize(
    "mode",
    [
        Mode("chunk", {}, None, None, OTHERS),
        Mode("stopping", STOPPING, None, ItemErrorCode.NOT_ATTEMPTED, OTHERS[:POISON]),
        Mode("atomic", ATOMIC, ROLLED_BACK, ROLLED_BACK, []),
        Mode("atomic-continuing", ATOMIC_CONTINUING, None, None, OTHERS),
    ],
    ids=str,
)


@in_every_mode
async def test_the_poison_is_named_and_its_neighbours_are_told_what_became_of_them(
    shop: Shop, batch: Batch, caplog: pytest.LogCaptureFixture, mode: Mode
) -> None:
    outcomes = await batch.run(**mode.options)

    assert [one.index for one in outcomes] == list(range(COUNT))
    assert_masked(outcomes, [POISON], caplog)
    assert [code(one) for one in outcomes] == mode.codes
    assert batch.applied() == mode.applied
    if mode.options.get("atomic"):
        commits = shop.commands.names.count("commitTransaction")
        assert commits == (1 if mode.applied else 0)


@in_every_mode
async def test_a_dry_run_names_the_poison_as_the_real_run_does_and_leaves_no_trace(
    shop: Shop, batch: Batch, caplog: pytest.LogCaptureFixture, mode: Mode
) -> None:
    documents = list(shop.products.find())

    outcomes = await batch.run(**mode.options, dry_run=True)

    assert [one.index for one in outcomes] == list(range(COUNT))
    assert_masked(outcomes, [POISON], caplog)
    assert [code(one) for one in outcomes] == mode.codes
    assert list(shop.products.find()) == documents
    assert "commitTransaction" not in shop.commands.names
    assert shop.marks.count_documents({}) == 0


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_batch_that_ends_at_a_rules_failure_never_meets_the_poison_behind_it(
    shop: Shop, caplog: pytest.LogCaptureFixture, dry_run: bool
) -> None:
    ids = await shop.put(10, 10, 10)
    shop.spoil(ids[2])
    patches = [(one, {"name": "New"}) for one in ids]
    patches[1] = (ids[1], {"name": ""})

    outcomes = await shop.patch(*patches, continue_on_error=False, dry_run=dry_run)

    assert [code(one) for one in outcomes] == [
        None,
        ItemErrorCode.INVALID_FIELD,
        ItemErrorCode.NOT_ATTEMPTED,
    ]
    assert_masked(outcomes, [], caplog)
    new = [str(one["_id"]) for one in shop.products.find({"name": "New"})]
    assert new == ([] if dry_run else [ids[0]])


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_batch_that_ends_at_poison_says_nothing_of_the_bad_field_behind_it(
    shop: Shop, caplog: pytest.LogCaptureFixture, dry_run: bool
) -> None:
    ids = await shop.put(10, 10, 10)
    shop.spoil(ids[1])
    patches = [(one, {"name": "New"}) for one in ids]
    patches[2] = (ids[2], {"name": ""})

    outcomes = await shop.patch(*patches, continue_on_error=False, dry_run=dry_run)

    assert [code(one) for one in outcomes] == [None, INTERNAL_CODE, ItemErrorCode.NOT_ATTEMPTED]
    assert_masked(outcomes, [1], caplog)
    new = [str(one["_id"]) for one in shop.products.find({"name": "New"})]
    assert new == ([] if dry_run else [ids[0]])


async def test_a_batch_that_ends_at_poison_leaves_what_is_behind_it_of_a_product_before_it(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await shop.put(10, 10)
    shop.spoil(ids[1])
    patches = [
        (ids[0], {"name": "Before"}),
        (ids[1], {"name": "Poison"}),
        (ids[0], {"name": "Behind"}),
    ]

    outcomes = await shop.patch(*patches, continue_on_error=False)

    assert [code(one) for one in outcomes] == [None, INTERNAL_CODE, ItemErrorCode.NOT_ATTEMPTED]
    assert_masked(outcomes, [1], caplog)
    assert [one["name"] for one in shop.products.find().sort("_id")] == ["Before", "Cup"]


async def test_every_item_at_fault_is_taken_out_of_an_atomic_batch_that_continues(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """Two poisoned items, a bad field and an unknown product fail; the rest commits together."""
    ids = await shop.put(*[10] * 20)
    shop.spoil(ids[3], ids[13])
    patches = [(one, {"name": "New"}) for one in ids]
    patches[5], patches[8] = (ids[5], {"name": ""}), (UNKNOWN_ID, {"name": "New"})
    shop.commands.names.clear()

    outcomes = await shop.patch(*patches, atomic=True, continue_on_error=True)

    assert_masked(outcomes, [3, 13], caplog)
    assert {one.index: code(one) for one in outcomes if isinstance(one, Failed)} == {
        3: INTERNAL_CODE,
        5: ItemErrorCode.INVALID_FIELD,
        8: ItemErrorCode.PRODUCT_NOT_FOUND,
        13: INTERNAL_CODE,
    }
    assert shop.products.count_documents({"name": "New"}) == 16
    assert shop.commands.names.count("commitTransaction") == 1
