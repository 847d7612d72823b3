"""Use an id or a name that another product gets first: that item alone fails."""

from collections.abc import Mapping
from typing import Any

import pytest
from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from tests.support.interference import once_answered
from tests.support.outcomes import codes
from tests.support.shop import Shop

DUPLICATE_KEY, ROLLED_BACK = ItemErrorCode.DUPLICATE_KEY, ItemErrorCode.ROLLED_BACK
NOT_ATTEMPTED = ItemErrorCode.NOT_ATTEMPTED
Codes = list[ItemErrorCode | None]

# What comes of three items of which the second one fails.
MODES: list[tuple[dict[str, Any], Codes]] = [
    ({}, [None, DUPLICATE_KEY, None]),
    ({"continue_on_error": False}, [None, DUPLICATE_KEY, NOT_ATTEMPTED]),
    ({"atomic": True}, [ROLLED_BACK, DUPLICATE_KEY, ROLLED_BACK]),
    ({"atomic": True, "continue_on_error": True}, [None, DUPLICATE_KEY, None]),
]
in_every_mode = pytest.mark.parametrize(
    ("options", "expected"), MODES, ids=["chunks", "stopping", "atomic", "atomic-continuing"]
)

# Of 20 items, the one at 3 has the same name as the one at this place.
in_both_places = pytest.mark.parametrize("second", [4, 12], ids=["in-one-half", "in-both-halves"])


def new_ids(count: int) -> list[str]:
    return [str(ObjectId()) for _ in range(count)]


def succeeding(ids: list[str], expected: Codes) -> set[str]:
    return {one for one, code in zip(ids, expected, strict=True) if code is None}


async def their_document(shop: Shop, product_id: str) -> Mapping[str, Any]:
    """Return a product of another writer, which is not in the store yet."""
    (template,) = await shop.put(77)
    document = shop.products.find_one_and_delete({"_id": ObjectId(template)})
    return {**document, "_id": ObjectId(product_id), "name": "Theirs"}


def assert_theirs_stays(shop: Shop, theirs: Mapping[str, Any]) -> None:
    assert shop.products.find_one({"_id": theirs["_id"]}) == theirs


@in_every_mode
async def test_an_id_that_is_taken_after_it_was_looked_up_fails_alone(
    shop: Shop, options: dict[str, Any], expected: Codes
) -> None:
    ids = new_ids(3)
    theirs = await their_document(shop, ids[1])
    once_answered(shop, "find", lambda: shop.products.insert_one(theirs))

    outcomes = await shop.create(*({"own_id": one} for one in ids), **options)

    assert codes(outcomes) == expected
    assert [one.index for one in outcomes] == [0, 1, 2]
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].error.path == ("products", "1", "id")
    assert set(shop.stocks()) == succeeding(ids, expected) | {ids[1]}
    assert_theirs_stays(shop, theirs)


@in_every_mode
async def test_an_id_that_an_open_transaction_takes_fails_alone(
    shop: Shop, options: dict[str, Any], expected: Codes
) -> None:
    """The other writer has inserted it when ours does, and commits then."""
    ids = new_ids(3)
    theirs = await their_document(shop, ids[1])
    with shop.admin.start_session() as session:
        session.start_transaction()
        shop.products.insert_one(theirs, session=session)
        once_answered(shop, "insert", session.commit_transaction)
        shop.commands.names.clear()

        outcomes = await shop.create(*({"own_id": one} for one in ids), **options)

    assert codes(outcomes) == expected
    assert shop.retries("conflict") == 1
    assert shop.commands.names.count("commitTransaction") == 1
    assert set(shop.stocks()) == succeeding(ids, expected) | {ids[1]}
    assert_theirs_stays(shop, theirs)


async def test_an_id_that_an_open_transaction_gives_up_is_free(shop: Shop) -> None:
    ids = new_ids(3)
    theirs = await their_document(shop, ids[1])
    with shop.admin.start_session() as session:
        session.start_transaction()
        shop.products.insert_one(theirs, session=session)
        once_answered(shop, "insert", session.abort_transaction)

        outcomes = await shop.create(*({"own_id": one} for one in ids), atomic=True)

    assert codes(outcomes) == [None] * 3
    assert shop.stocks() == dict.fromkeys(ids, 10)


class TestAUniqueIndexOfTheUsersOwn:
    """No rule looks such a key up: the database finds the duplicate as it is written."""

    @in_every_mode
    async def test_a_name_that_a_product_has_fails_alone(
        self, shop: Shop, options: dict[str, Any], expected: Codes
    ) -> None:
        ids, theirs = new_ids(3), await self.their_product(shop)
        products = [{"own_id": one, "name": one} for one in ids]
        products[1]["name"] = "Theirs"
        shop.commands.names.clear()

        outcomes = await shop.create(*products, **options)

        assert codes(outcomes) == expected
        assert isinstance(outcomes[1], Failed)
        assert outcomes[1].error.path == ("products", "1")
        assert not outcomes[1].error.retryable
        assert "unique" in outcomes[1].error.message
        assert set(shop.stocks()) == succeeding(ids, expected) | {str(theirs["_id"])}
        assert_theirs_stays(shop, theirs)
        if options.get("atomic"):
            assert shop.commands.names.count("commitTransaction") == expected.count(None) // 2

    @in_both_places
    async def test_two_of_one_name_and_one_of_a_products_name_fail_alone(
        self, shop: Shop, second: int
    ) -> None:
        """The first of two that share a name gets it."""
        theirs = await self.their_product(shop)
        names = [f"Cup {place}" for place in range(20)]
        names[second], names[7] = names[3], "Theirs"

        outcomes = await shop.create(*({"name": name} for name in names))

        assert {one.index: one.error.code for one in outcomes if isinstance(one, Failed)} == {
            7: DUPLICATE_KEY,
            second: DUPLICATE_KEY,
        }
        assert [one.index for one in outcomes] == list(range(20))
        stored = sorted(one["name"] for one in shop.products.find())
        assert stored == sorted({*names, "Theirs"})
        assert_theirs_stays(shop, theirs)

    @in_both_places
    async def test_a_batch_ends_at_the_second_of_two_of_one_name(
        self, shop: Shop, second: int
    ) -> None:
        await self.their_product(shop)
        names = [f"Cup {place}" for place in range(20)]
        names[second] = names[3]

        outcomes = await shop.create(*({"name": name} for name in names), continue_on_error=False)

        behind = 20 - second - 1
        assert codes(outcomes) == [None] * second + [DUPLICATE_KEY] + [NOT_ATTEMPTED] * behind
        stored = sorted(one["name"] for one in shop.products.find())
        assert stored == sorted([*names[:second], "Theirs"])

    @in_both_places
    async def test_of_two_of_one_name_in_an_atomic_batch_the_second_is_at_fault(
        self, shop: Shop, second: int
    ) -> None:
        theirs = await self.their_product(shop)
        names = [f"Cup {place}" for place in range(20)]
        names[second] = names[3]

        outcomes = await shop.create(*({"name": name} for name in names), atomic=True)

        assert set(shop.stocks()) == {str(theirs["_id"])}
        assert codes(outcomes) == [
            DUPLICATE_KEY if place == second else ROLLED_BACK for place in range(20)
        ]

    @in_both_places
    async def test_of_two_of_one_name_in_an_atomic_batch_that_continues_the_second_fails_alone(
        self, shop: Shop, second: int
    ) -> None:
        await self.their_product(shop)
        names = [f"Cup {place}" for place in range(20)]
        names[second] = names[3]

        outcomes = await shop.create(
            *({"name": name} for name in names), atomic=True, continue_on_error=True
        )

        assert codes(outcomes) == [
            DUPLICATE_KEY if place == second else None for place in range(20)
        ]
        stored = sorted(one["name"] for one in shop.products.find())
        assert stored == sorted({*names, "Theirs"})

    @in_both_places
    async def test_a_dry_run_tells_of_two_of_one_name_what_the_real_run_would(
        self, shop: Shop, second: int
    ) -> None:
        theirs = await self.their_product(shop)
        names = [f"Cup {place}" for place in range(20)]
        names[second] = names[3]

        outcomes = await shop.create(*({"name": name} for name in names), dry_run=True)

        assert set(shop.stocks()) == {str(theirs["_id"])}
        assert codes(outcomes) == [
            DUPLICATE_KEY if place == second else None for place in range(20)
        ]

    async def test_a_renaming_to_a_products_name_fails_alone(self, shop: Shop) -> None:
        theirs = await self.their_product(shop)
        ids = [(await shop.put(10, name=f"Cup {place}"))[0] for place in range(5)]
        names = ["a", "b", "Theirs", "d", "a"]

        outcomes = await shop.patch(
            *((one, {"name": name}) for one, name in zip(ids, names, strict=True))
        )

        assert codes(outcomes) == [None, None, DUPLICATE_KEY, None, DUPLICATE_KEY]
        stored = {str(one["_id"]): one["name"] for one in shop.products.find()}
        kept = ["a", "b", "Cup 2", "d", "Cup 4"]
        assert stored == {**dict(zip(ids, kept, strict=True)), str(theirs["_id"]): "Theirs"}

    async def their_product(self, shop: Shop) -> Mapping[str, Any]:
        shop.products.create_index("name", unique=True)
        theirs = await their_document(shop, str(ObjectId()))
        shop.products.insert_one(theirs)
        return theirs
