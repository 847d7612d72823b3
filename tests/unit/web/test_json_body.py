"""Read the items of a body of JSON."""

import asyncio
from typing import Any

import pytest

from server.web.refusal import bad_input
from server.web.rest.json_body import Faults, items_of
from server.web.rest.kind import BY_PATH, LONGEST_TEXT, MOST_UNKNOWN

STOCK, UPDATE = BY_PATH["batch-update-stock"], BY_PATH["batch-update-products"]
DISCONTINUE = BY_PATH["batch-discontinue-products"]


async def test_of_very_many_unknown_keys_the_first_are_named() -> None:
    faults = Faults()

    await items_of(STOCK, {f"n{number}": 1 for number in range(10_000)}, faults)

    named = [fault for fault in faults.worded if fault.startswith("There is no key “n")]
    assert len(named) == MOST_UNKNOWN
    assert "There are 9995 more unknown keys." in faults.worded


async def test_of_very_many_faulty_items_the_first_are_named_and_all_are_counted() -> None:
    faults = Faults()

    await items_of(STOCK, {"updates": [{"amount": 1, "size": 1}] * 30_000}, faults)

    refused = bad_input(faults.worded, faults.more)
    assert len(faults.worded) == 20
    assert str(refused) == "60000 things are wrong with the request."
    assert refused.reasons[0].startswith("updates[0] has the unknown key “amount”")
    assert refused.reasons[-1] == "And 59980 more."


async def test_others_run_while_many_items_are_looked_at() -> None:
    reading = asyncio.create_task(items_of(STOCK, {"updates": [{}] * 100_000}, Faults()))
    turns = 0

    while not reading.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 100


LONG = "x" * (LONGEST_TEXT + 1)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"updates": [{"quantity": LONG}]}, "updates[0] has a value for “quantity”"),
        ({"updates": [{}, {"quantity": [0.1] * 1001}]}, "updates[1] has a value for “quantity”"),
        ({"updates": [{"quantity": [[["x" * 1000]]]}]}, "updates[0] has a value for “quantity”"),
        ({"updates": [{"quantity": {"x" * 1000: 1}}]}, "updates[0] has a value for “quantity”"),
    ],
    ids=["text", "list", "nested", "object"],
)
async def test_a_value_that_is_too_long_for_any_field_is_refused(
    sent: dict[str, Any], fault: str
) -> None:
    faults = Faults()

    await items_of(STOCK, sent, faults)

    assert faults.worded == [f"{fault} that is longer than any field."]


async def test_a_long_value_in_the_object_of_an_item_is_refused() -> None:
    faults = Faults()

    await items_of(UPDATE, {"updates": [{"data": {"name": LONG}}, {"data": [1] * 2000}]}, faults)

    assert faults.worded == [
        "updates[0] has a value for “name” that is longer than any field in data.",
        "updates[1] has a value for “data” that is longer than any field.",
    ]


async def test_an_id_that_is_too_long_to_be_stored_is_refused() -> None:
    faults = Faults()

    await items_of(DISCONTINUE, {"productIds": ["x", LONG, 1]}, faults)

    assert faults.worded == [
        "productIds[1] has 65537 characters: an id is 24 hexadecimal characters.",
        "productIds[2] is not a text: an id is 24 hexadecimal characters.",
    ]


async def test_what_fails_an_item_alone_is_not_refused() -> None:
    faults = Faults()
    long = {"productId": "x" * LONGEST_TEXT, "quantity": [1] * 400, "expectedStock": {"a": [1]}}

    assert await items_of(STOCK, {"updates": [long]}, faults) == [long]
    assert not faults
