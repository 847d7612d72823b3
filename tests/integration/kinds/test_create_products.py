"""Create products: the rules of their fields, ids of the caller's choice, what is stored."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from tests.support.products.cups import EACH_ITS_OWN, NOON, NOON_ISO, OWN_ID, failure
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

CREATE = """
mutation ($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
  batchCreateProducts(products: $products, options: $options) {
    outcome
    created {
      id name price stock category discontinued createdAt updatedAt expiresAt
    }
    failed { index productId error { code message path } errors { code message path } }
    stats { total created failed }
  }
}
"""
CUP: dict[str, Any] = {"name": "Cup", "price": 199, "stock": 10, "category": "tableware"}
SHOWN = "which controls how text is shown."
AMOUNT_RANGE = "is out of range: it may be from 0 to 2147483647."
HALF = chr(0xD83D)
# a field, the value that is sent, what is told
REFUSED: list[tuple[str, Any, str]] = [
    ("name", "", "The name is blank: it must have 1 to 200 characters."),
    ("name", " \t\n\u00a0", "The name is blank: it must have 1 to 200 characters."),
    ("name", "x" * 201, "The name has 201 characters: it must have 1 to 200."),
    ("name", "x" * 2**20, "The name has 1048576 characters: it must have 1 to 200."),
    ("name", HALF, "The name is not valid Unicode: it has half a surrogate pair."),
    ("category", "  ", "The category is blank: it must have 1 to 100 characters."),
    ("category", "x" * 101, "The category has 101 characters: it must have 1 to 100."),
    ("category", "x" * 2**20, "The category has 1048576 characters: it must have 1 to 100."),
    *(
        (field, f"a{character}b", f"The {field} has the character U+{ord(character):04X}, {SHOWN}")
        for field in ("name", "category")
        for character in "\0\x1b\x7f\x85\u202e\u2066"
    ),
    *(
        (field, text, f"The {field} has no visible character.")
        for field in ("name", "category")
        for text in ("\u200b", "\u200b\u2060\ufeff", "\u0301", "\u3164", "\u2800 \u115f")
    ),
    ("name", "a" + "\u0315\u0301" * 16, "The name has more than 30 combining marks in a row."),
    ("category", f"a{HALF}", "The category is not valid Unicode: it has half a surrogate pair."),
    *(
        (field, value, f"The {field} {fault}")
        for field in ("price", "stock")
        for value, fault in (
            (-1, f"-1 {AMOUNT_RANGE}"),
            (2**31, f"2147483648 {AMOUNT_RANGE}"),
            (1e300, f"1e+300 {AMOUNT_RANGE}"),
            (10**400, f"that was sent {AMOUNT_RANGE}"),
        )
    ),
    ("price", 0.5, "The price 0.5 is not a whole number. It is in whole cents: did you mean 50?"),
    ("stock", 0.5, "The stock 0.5 is not a whole number."),
]
# the fields that are sent, the fields that are stored
TAKEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": "x"}, {"name": "x"}),
    ({"name": "x" * 200}, {"name": "x" * 200}),
    ({"name": "😀" * 200}, {"name": "😀" * 200}),
    ({"name": " \t Mug with  a lid\n"}, {"name": "Mug with  a lid"}),
    ({"name": " " * 50 + "x" * 200 + " " * 50}, {"name": "x" * 200}),
    ({"name": "Cafe\u0301", "category": "Cre\u0300me"}, {"name": "Café", "category": "Crème"}),
    ({"name": "a\u200bb"}, {"name": "a\u200bb"}),
    ({"category": "x" * 100}, {"category": "x" * 100}),
    ({"category": "\u00a0kitchen "}, {"category": "kitchen"}),
    ({"price": 0, "stock": 0}, {"price": 0, "stock": 0}),
    ({"price": -0.0, "stock": -0.0}, {"price": 0, "stock": 0}),
    ({"price": 5.0, "stock": 1e3}, {"price": 5, "stock": 1000}),
    ({"price": 2147483647, "stock": 2147483647}, {"price": 2147483647, "stock": 2147483647}),
    ({"discontinued": True, "stock": 0}, {"discontinued": True, "stock": 0}),
    ({"discontinued": False}, {}),
    ({"discontinued": None}, {}),
]


async def create(shop: Shop, *products: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Create cups that differ from an ordinary one in these fields; return the answer."""
    result: dict[str, Any] = await shop.ask(
        CREATE, products=[CUP | fields for fields in products], options=options
    )
    return result


def error(code: str, message: str, *path: str) -> dict[str, Any]:
    return {"code": code, "message": message, "path": ["products", *path]}


def duplicate(index: int, sent: str) -> dict[str, Any]:
    message = f"There is a product {OWN_ID} already: send another id, or none for a new one."
    return failure(index, sent, error("DUPLICATE_KEY", message, str(index), "id"))


def counts(total: int, created: int) -> dict[str, int]:
    return {"total": total, "created": created, "failed": total - created}


async def test_the_new_products_are_returned_in_input_order_as_they_are_stored(shop: Shop) -> None:
    shop.clock.stand_at(NOON)
    names = [f"Cup {number}" for number in range(20)]

    result = await create(shop, *({"name": name} for name in reversed(names)))

    assert [one["name"] for one in result["created"]] == names[::-1]
    assert {**result, "created": None} == {
        "outcome": "ALL",
        "created": None,
        "failed": [],
        "stats": counts(20, 20),
    }
    stored = {str(one.pop("_id")): one for one in shop.products.find()}
    for one in result["created"]:
        assert one == {
            **CUP,
            "id": one["id"],
            "name": one["name"],
            "discontinued": False,
            "createdAt": NOON_ISO,
            "updatedAt": NOON_ISO,
            "expiresAt": None,
        }
        assert stored.pop(one["id"]) == {
            **CUP,
            "name": one["name"],
            "discontinued": False,
            "createdAt": NOON,
            "updatedAt": NOON,
        }
    assert stored == {}
    assert shop.rows() == []  # the stock at creation is where the ledger begins


async def test_every_value_within_the_rules_is_stored_as_it_is_meant(shop: Shop) -> None:
    result = await create(shop, *(sent for sent, _ in TAKEN))

    assert result["stats"] == counts(len(TAKEN), len(TAKEN))
    for one, (_, meant) in zip(result["created"], TAKEN, strict=True):
        fields = CUP | {"discontinued": False} | meant
        stored = shop.products.find_one({"_id": ObjectId(one["id"])})
        assert {name: one[name] for name in fields} == fields
        assert {name: stored[name] for name in fields} == fields
        assert {type(stored[name]) for name in ("price", "stock")} == {int}


async def test_a_value_outside_the_rules_fails_its_item_alone(shop: Shop) -> None:
    items = [{field: value} for field, value, _ in REFUSED]

    result = await create(shop, *items, {"name": "Mug"}, **EACH_ITS_OWN)

    assert result["failed"] == [
        failure(place, None, error("INVALID_FIELD", message, str(place), field))
        for place, (field, _, message) in enumerate(REFUSED)
    ]
    assert (result["outcome"], result["stats"]) == ("PARTIAL", counts(len(REFUSED) + 1, 1))
    assert [one["name"] for one in shop.products.find()] == ["Mug"]


async def test_a_text_of_a_megabyte_is_not_sent_back(shop: Shop) -> None:
    products = [CUP | {"name": "x" * 2**20, "id": "y" * 2**20, "category": "z" * 2**20}]

    result = await shop.ask(
        "mutation ($products: [CreateProductInput!]!) { batchCreateProducts(products: $products) "
        "{ failed { error { message } errors { message path } } } }",
        products=products,
    )

    assert len(str(result)) < 1000
    assert len(result["failed"][0]["errors"]) == 3
    assert shop.stocks() == {}


async def test_all_that_is_wrong_with_an_item_is_told_at_once(shop: Shop) -> None:
    bad = {"id": "nonsense", "name": " ", "price": -1, "stock": 0.5, "category": ""}

    result = await create(shop, {}, {}, {}, bad, {}, **EACH_ITS_OWN)

    malformed = "“nonsense” is not a product id: an id is 24 hexadecimal characters."
    assert result["failed"] == [
        failure(
            3,
            "nonsense",
            error("INVALID_PRODUCT_ID", malformed, "3", "id"),
            error(
                "INVALID_FIELD",
                "The name is blank: it must have 1 to 200 characters.",
                "3",
                "name",
            ),
            error("INVALID_FIELD", f"The price -1 {AMOUNT_RANGE}", "3", "price"),
            error("INVALID_FIELD", "The stock 0.5 is not a whole number.", "3", "stock"),
            error(
                "INVALID_FIELD",
                "The category is blank: it must have 1 to 100 characters.",
                "3",
                "category",
            ),
        )
    ]
    assert len(shop.stocks()) == 4


async def test_a_discontinued_product_cannot_begin_with_a_stock(shop: Shop) -> None:
    result = await create(shop, {"discontinued": True, "stock": 1}, {"discontinued": True})

    message = "A discontinued product has no stock: send a stock of 0."
    assert result["failed"] == [
        failure(place, None, error("INVALID_FIELD", message, str(place), "discontinued"))
        for place in (0, 1)
    ]
    assert (result["outcome"], result["created"]) == ("NONE", [])
    assert shop.stocks() == {}


async def test_an_own_id_is_stored_in_lower_case(shop: Shop) -> None:
    result = await create(shop, {"id": OWN_ID.upper()})

    assert [one["id"] for one in result["created"]] == [OWN_ID]
    assert shop.stocks() == {OWN_ID: 10}


async def test_an_id_of_null_is_none(shop: Shop) -> None:
    result = await create(shop, {"id": None})

    assert [one["id"] for one in result["created"]] == list(shop.stocks())


async def test_an_own_id_that_is_taken_fails_and_the_product_stays(shop: Shop) -> None:
    await shop.put(7, id=OWN_ID, name="Jug")
    before = list(shop.products.find())

    result = await create(shop, {"id": OWN_ID.upper()})

    assert result == {
        "outcome": "NONE",
        "created": [],
        "failed": [duplicate(0, OWN_ID.upper())],
        "stats": counts(1, 0),
    }
    assert list(shop.products.find()) == before


@pytest.mark.parametrize(
    "options", [EACH_ITS_OWN, {**EACH_ITS_OWN, "batchSize": 1}, {"continueOnError": True}]
)
async def test_of_two_items_with_one_own_id_the_first_gets_it(
    shop: Shop, options: dict[str, Any]
) -> None:
    result = await create(
        shop,
        {"name": "Mug", "id": OWN_ID},
        {"name": "Jug"},
        {"name": "Pot", "id": OWN_ID.upper()},
        returnPartialResults=True,
        **options,
    )

    assert [one["name"] for one in result["created"]] == ["Mug", "Jug"]
    assert result["failed"] == [duplicate(2, OWN_ID.upper())]
    assert result["stats"] == counts(3, 2)
    assert sorted(one["name"] for one in shop.products.find()) == ["Jug", "Mug"]


async def test_one_own_id_twice_undoes_an_atomic_batch(shop: Shop) -> None:
    result = await create(shop, {"id": OWN_ID}, {"id": OWN_ID})

    message = "Nothing is wrong with this item: it was undone with its atomic batch."
    assert result["failed"] == [
        failure(0, OWN_ID, error("ROLLED_BACK", message, "0")),
        duplicate(1, OWN_ID),
    ]
    assert (result["outcome"], result["created"]) == ("NONE", [])
    assert shop.stocks() == {}


async def test_an_empty_batch_succeeds_without_a_command(shop: Shop) -> None:
    shop.commands.names.clear()

    for options in ({}, EACH_ITS_OWN, {"atomic": False}, {"dryRun": True}):
        assert await create(shop, **options) == {
            "outcome": "ALL",
            "created": [],
            "failed": [],
            "stats": counts(0, 0),
        }

    assert shop.commands.names == []


@pytest.mark.parametrize("milliseconds", [1, 1500, 86_400_000.0])
async def test_products_expire_to_the_millisecond(shop: Shop, milliseconds: float) -> None:
    shop.clock.stand_at(NOON)

    result = await create(shop, {}, {}, expireIn=milliseconds)

    due = NOON + timedelta(milliseconds=milliseconds)
    iso = due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert [(one["createdAt"], one["expiresAt"]) for one in result["created"]] == [
        (NOON_ISO, iso)
    ] * 2
    assert [one["expiresAt"] for one in shop.products.find()] == [due] * 2


async def test_an_expiry_of_null_is_none(shop: Shop) -> None:
    result = await create(shop, {}, expireIn=None)

    assert [one["expiresAt"] for one in result["created"]] == [None]


async def test_the_id_of_an_expired_product_can_be_used_again(shop: Shop) -> None:
    shop.clock.stand_at(NOON)
    (other,) = await shop.put(5)
    await shop.put(7, id=OWN_ID, name="Jug")
    await shop.update([(OWN_ID, 1), (other, 1)])
    shop.products.update_one({"_id": ObjectId(OWN_ID)}, {"$set": {"expiresAt": NOON}})

    result = await create(shop, {"id": OWN_ID})

    assert [(one["id"], one["name"]) for one in result["created"]] == [(OWN_ID, "Cup")]
    assert shop.stocks() == {OWN_ID: 10, other: 6}
    assert [str(row["productId"]) for row in shop.rows()] == [other]


async def test_a_dry_run_answers_as_if_and_stores_nothing(shop: Shop) -> None:
    await shop.put(7, id=OWN_ID)
    before = list(shop.products.find())

    result = await create(
        shop,
        {"name": "Mug"},
        {"id": OWN_ID},
        {"price": -1},
        dryRun=True,
        returnPartialResults=True,
        **EACH_ITS_OWN,
    )

    assert [one["name"] for one in result["created"]] == ["Mug"]
    assert [one["error"]["code"] for one in result["failed"]] == ["DUPLICATE_KEY", "INVALID_FIELD"]
    assert result["stats"] == counts(3, 1)
    assert list(shop.products.find()) == before
