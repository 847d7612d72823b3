"""Update products: what a patch changes and leaves, in which order, and until when."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.products.cups import (
    EACH_ITS_OWN,
    NOON,
    NOON_ISO,
    OWN_ID,
    failure,
    put,
    untouched_cup,
)
from tests.support.shop import UNKNOWN_ID, Shop

pytestmark = pytest.mark.either_driver

UPDATE = """
mutation ($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $updates, options: $options) {
    outcome
    updated { id name price stock category discontinued createdAt updatedAt expiresAt }
    notFound { index productId }
    failed { index productId error { code message path } errors { code message path } }
    stats { total updated notFound failed }
  }
}
"""


async def update(
    shop: Shop, *patches: tuple[str, dict[str, Any]], **options: Any
) -> dict[str, Any]:
    updates = [{"productId": product_id, "data": data} for product_id, data in patches]
    result: dict[str, Any] = await shop.ask(UPDATE, updates=updates, options=options)
    return result


def cup(product_id: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a cup after an update."""
    return untouched_cup(product_id, updatedAt=NOON_ISO) | fields


def error(code: str, message: str, *path: str) -> dict[str, Any]:
    return {"code": code, "message": message, "path": ["updates", *path]}


def counts(updated: int, not_found: int = 0, failed: int = 0) -> dict[str, int]:
    total = updated + not_found + failed
    return {"total": total, "updated": updated, "notFound": not_found, "failed": failed}


def stored(shop: Shop) -> dict[str, dict[str, Any]]:
    return {str(one["_id"]): one for one in shop.products.find()}


async def test_each_field_alone_changes_and_the_others_stay(shop: Shop) -> None:
    ids = await put(shop, 10, 10, 10, 10)
    before = stored(shop)
    patches: list[dict[str, Any]] = [{"name": "Mug"}, {"price": 0}, {"category": "kitchen"}]

    result = await update(shop, *zip(ids[:3], patches, strict=True))

    assert result == {
        "outcome": "ALL",
        "updated": [cup(one, **patch) for one, patch in zip(ids, patches, strict=False)],
        "notFound": [],
        "failed": [],
        "stats": counts(3),
    }
    moved = {"updatedAt": NOON}
    assert stored(shop) == {
        **{one: before[one] | patch | moved for one, patch in zip(ids, patches, strict=False)},
        ids[3]: before[ids[3]],
    }
    assert shop.rows() == []


async def test_all_fields_together_are_trimmed_and_stored_as_they_are_meant(shop: Shop) -> None:
    (known,) = await put(shop, 10)
    before = stored(shop)
    patch = {"name": "\t Mug ", "price": 250.0, "category": "\u00a0kitchen\n"}

    result = await update(shop, (known, patch))

    meant = {"name": "Mug", "price": 250, "category": "kitchen"}
    assert result["updated"] == [cup(known, **meant)]
    assert stored(shop) == {known: before[known] | meant | {"updatedAt": NOON}}
    assert type(stored(shop)[known]["price"]) is int


async def test_a_patch_of_what_is_there_already_is_an_update(shop: Shop) -> None:
    (known,) = await put(shop, 10)

    result = await update(shop, (known, {"name": "Cup"}))

    assert (result["updated"], result["stats"]) == ([cup(known)], counts(1))


async def test_no_patch_may_be_empty_or_hold_a_null(shop: Shop) -> None:
    (known,) = await put(shop, 10)
    before = stored(shop)
    nulls: list[dict[str, Any]] = [{"name": None}, {"price": None}, {"category": None}]

    result = await update(
        shop, *((known, null) for null in nulls), (known, {}), (known, {"name": "x", "price": None})
    )

    def null(place: int, field: str) -> dict[str, Any]:
        message = f"The {field} is null: leave it out to keep what there is."
        path = (str(place), "data", field)
        return failure(place, known, error("INVALID_FIELD", message, *path))

    empty = "The data is empty: give a name, a price or a category."
    assert result == {
        "outcome": "NONE",
        "updated": [],
        "notFound": [],
        "failed": [
            null(0, "name"),
            null(1, "price"),
            null(2, "category"),
            failure(3, known, error("INVALID_FIELD", empty, "3", "data")),
            null(4, "price"),
        ],
        "stats": counts(0, failed=5),
    }
    assert stored(shop) == before


async def test_all_that_is_wrong_with_an_item_is_told_at_once(shop: Shop) -> None:
    (known,) = await put(shop, 10)
    bad = {"name": "x" * 201, "price": 0.5, "category": " "}

    result = await update(shop, (known, {"price": 1}), ("nonsense", bad), **EACH_ITS_OWN)

    malformed = "“nonsense” is not a product id: an id is 24 hexadecimal characters."
    long = "The name has 201 characters: it must have 1 to 200."
    fraction = "The price 0.5 is not a whole number. It is in whole cents: did you mean 50?"
    blank = "The category is blank: it must have 1 to 100 characters."
    assert result["failed"] == [
        failure(
            1,
            "nonsense",
            error("INVALID_PRODUCT_ID", malformed, "1", "productId"),
            error("INVALID_FIELD", long, "1", "data", "name"),
            error("INVALID_FIELD", fraction, "1", "data", "price"),
            error("INVALID_FIELD", blank, "1", "data", "category"),
        )
    ]
    assert result["stats"] == counts(1, failed=1)
    assert stored(shop)[known]["price"] == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"atomic": False, "batchSize": 1},
        {"atomic": False, "continueOnError": True, "batchSize": 1},
    ],
)
async def test_several_patches_of_one_product_apply_in_input_order(
    shop: Shop, options: dict[str, Any]
) -> None:
    known, other = await put(shop, 10, 10)
    before = stored(shop)

    result = await update(
        shop,
        (known, {"name": "Mug", "price": 1}),
        (other, {"price": 7}),
        (known.upper(), {"price": 2}),
        (known, {"category": "kitchen"}),
        **options,
    )

    assert result["updated"] == [
        cup(known, name="Mug", price=1),
        cup(other, price=7),
        cup(known, name="Mug", price=2),
        cup(known, name="Mug", price=2, category="kitchen"),
    ]
    assert result["stats"] == counts(4)
    last = {"name": "Mug", "price": 2, "category": "kitchen", "updatedAt": NOON}
    assert stored(shop) == {
        known: before[known] | last,
        other: before[other] | {"price": 7, "updatedAt": NOON},
    }


async def test_a_discontinued_product_takes_no_update(shop: Shop) -> None:
    (gone,) = await put(shop, 0, discontinued=True)
    before = stored(shop)

    result = await update(shop, (gone, {"price": 1}))

    message = f"The product {gone} is discontinued and takes no updates."
    assert result["failed"] == [
        failure(0, gone, error("PRODUCT_DISCONTINUED", message, "0", "productId"))
    ]
    assert (result["outcome"], result["stats"]) == ("NONE", counts(0, failed=1))
    assert stored(shop) == before


async def test_a_product_that_does_not_exist_is_not_found(shop: Shop) -> None:
    (known,) = await put(shop, 10)

    result = await update(
        shop,
        (UNKNOWN_ID.upper(), {"price": 1}),
        (known, {"price": 2}),
        (UNKNOWN_ID, {"price": 3}),
        (UNKNOWN_ID, {"price": -1}),
        returnPartialResults=True,
        **EACH_ITS_OWN,
    )

    assert result["outcome"] == "PARTIAL"
    assert result["updated"] == [cup(known, price=2)]
    assert result["notFound"] == [
        {"index": 0, "productId": UNKNOWN_ID.upper()},
        {"index": 2, "productId": UNKNOWN_ID},
    ]
    assert [(one["index"], one["error"]["code"]) for one in result["failed"]] == [
        (3, "INVALID_FIELD")
    ]
    assert result["stats"] == counts(1, not_found=2, failed=1)
    assert list(stored(shop)) == [known]


async def test_an_expired_product_is_not_found(shop: Shop) -> None:
    (known,) = await put(shop, 10, expires_at=NOON)
    before = stored(shop)

    result = await update(shop, (known, {"price": 1}), expireIn=1000)

    assert result["notFound"] == [{"index": 0, "productId": known}]
    assert result["stats"] == counts(0, not_found=1)
    assert stored(shop) == before


async def test_an_id_in_upper_case_names_the_same_product(shop: Shop) -> None:
    await put(shop, 10, id=OWN_ID)

    result = await update(shop, (OWN_ID.upper(), {"price": 1}))

    assert result["updated"] == [cup(OWN_ID, price=1)]
    assert stored(shop)[OWN_ID]["price"] == 1


async def test_a_failure_echoes_the_id_as_it_was_sent(shop: Shop) -> None:
    await put(shop, 10, id=OWN_ID)

    result = await update(shop, (OWN_ID.upper(), {"price": -1}))

    assert [one["productId"] for one in result["failed"]] == [OWN_ID.upper()]


async def test_an_expiry_counts_from_the_update_and_replaces_any_other(shop: Shop) -> None:
    (plain,) = await put(shop, 10)
    (mortal,) = await put(shop, 10, expires_at=NOON + timedelta(days=9))
    (beside,) = await put(shop, 10)

    result = await update(shop, (plain, {"price": 1}), (mortal, {"price": 2}), expireIn=1500)

    iso = "2026-01-31T12:00:01.507Z"
    assert result["updated"] == [
        cup(plain, price=1, expiresAt=iso),
        cup(mortal, price=2, expiresAt=iso),
    ]
    due = NOON + timedelta(milliseconds=1500)
    assert {one: document.get("expiresAt") for one, document in stored(shop).items()} == {
        plain: due,
        mortal: due,
        beside: None,
    }


@pytest.mark.parametrize("options", [{}, {"expireIn": None}])
async def test_an_update_without_an_expiry_keeps_the_one_that_the_product_has(
    shop: Shop, options: dict[str, Any]
) -> None:
    due = NOON + timedelta(milliseconds=1)
    (mortal,) = await put(shop, 10, expires_at=due)

    result = await update(shop, (mortal, {"price": 2}), **options)

    assert result["updated"] == [cup(mortal, price=2, expiresAt="2026-01-31T12:00:00.008Z")]
    assert stored(shop)[mortal]["expiresAt"] == due


async def test_the_stock_that_another_mutation_left_is_shown_and_kept(shop: Shop) -> None:
    (known,) = await put(shop, 10)
    await shop.update([(known, 5)])

    result = await update(shop, (known, {"price": 1}))

    assert result["updated"] == [cup(known, price=1, stock=15)]
    assert shop.stocks() == {known: 15}


@pytest.mark.parametrize("field", ["stock", "discontinued", "id", "createdAt", "expiresAt"])
async def test_no_other_field_can_be_patched(shop: Shop, field: str) -> None:
    (known,) = await put(shop, 10)
    before = stored(shop)
    sent = {"price": 1, field: 5}

    answer = await shop.graphql(UPDATE, {"updates": [{"productId": known, "data": sent}]})

    (refusal,) = answer["errors"]
    assert (answer["data"], refusal["extensions"]) == (None, {"code": "BAD_INPUT"})
    assert refusal["message"].startswith(
        "Variable '$updates' has invalid value at [0].data: "
        "Expected value of type 'ProductPatch' not to include unknown field"
    )
    assert stored(shop) == before


async def test_an_empty_batch_succeeds_without_a_command(shop: Shop) -> None:
    shop.commands.names.clear()

    for options in ({}, EACH_ITS_OWN, {"atomic": False}, {"dryRun": True}):
        assert await update(shop, **options) == {
            "outcome": "ALL",
            "updated": [],
            "notFound": [],
            "failed": [],
            "stats": counts(0),
        }

    assert shop.commands.names == []


async def test_a_dry_run_answers_as_if_and_changes_nothing(shop: Shop) -> None:
    (known,) = await put(shop, 10)
    before = stored(shop)

    result = await update(
        shop, (known, {"price": 1}), (known, {"name": "Mug"}), dryRun=True, expireIn=1000
    )

    iso = "2026-01-31T12:00:01.007Z"
    assert result["updated"] == [
        cup(known, price=1, expiresAt=iso),
        cup(known, price=1, name="Mug", expiresAt=iso),
    ]
    assert result["stats"] == counts(2)
    assert stored(shop) == before


async def test_products_with_the_same_patch_share_a_write_and_the_others_do_not(
    shop: Shop,
) -> None:
    ids = await put(shop, *[10] * 30)
    patches: list[dict[str, Any]] = [{"price": 1}, {"price": 2}, {"name": "1", "price": 1}]
    shop.commands.names.clear()

    result = await update(shop, *((one, patches[place % 3]) for place, one in enumerate(ids)))

    assert result["updated"] == [cup(one, **patches[place % 3]) for place, one in enumerate(ids)]
    assert [(one["name"], one["price"]) for one in shop.products.find().sort("_id")] == [
        ("Cup", 1),
        ("Cup", 2),
        ("1", 1),
    ] * 10
    assert shop.commands.names == ["find", "update", "insert", "commitTransaction"]
    assert shop.products.count_documents({"updatedAt": NOON}) == 30
