"""Store what a caller sent, without losing anything that matters."""

import json
import math
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.mongo.batches.stored_values import from_stored_input, size_of, to_stored_input

HALF = "\ud800"
OBJECTS = UPDATE_PRODUCTS.objects
texts = st.text(st.characters(exclude_categories=()))  # with half surrogate pairs
numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False)
plain = st.none() | st.booleans() | texts | numbers
names = st.sampled_from(["productId", "quantity", "name", "price", "id"])
flat = st.dictionaries(names, plain)
inputs = flat | st.builds(lambda fields, data: fields | {"data": data}, flat, flat)


def stored_and_back(sent: dict[str, Any]) -> Any:
    stored = bson.decode(bson.encode(to_stored_input(sent, OBJECTS)))
    return from_stored_input(stored)


@given(inputs)
def test_every_input_comes_back_as_it_was(sent: dict[str, Any]) -> None:
    assert stored_and_back(sent) == sent
    assert repr(stored_and_back(sent)) == repr(sent)  # 1, 1.0 and True are not the same


def test_what_was_left_out_is_no_null() -> None:
    assert stored_and_back({"data": {"name": None}}) == {"data": {"name": None}}
    assert stored_and_back({"data": {}}) == {"data": {}}
    assert stored_and_back({}) == {}


def test_what_is_no_number_stays_none() -> None:
    back = stored_and_back({"quantity": float("nan"), "price": float("-inf"), "stock": -0.0})

    assert math.isnan(back["quantity"])
    assert back["price"] == float("-inf")
    assert math.copysign(1, back["stock"]) == -1


@pytest.mark.parametrize("sent", [10**400, 2**63, 10**19])
def test_a_number_that_is_out_of_every_range_stays_out_of_it(sent: int) -> None:
    assert stored_and_back({"quantity": sent})["quantity"] > 10**18
    assert stored_and_back({"quantity": -sent})["quantity"] < -(10**18)


@pytest.mark.parametrize(
    "sent", ["", "\0", "a\0b", "$set", HALF, f"a{HALF}b", "😀", "\udc00\ud800"]
)
def test_a_text_of_any_kind_stays_as_it_is(sent: str) -> None:
    assert stored_and_back({"name": sent, "data": {"name": sent}}) == {
        "name": sent,
        "data": {"name": sent},
    }


@pytest.mark.parametrize("sent", [[], [1, "x"], [{"a": [None]}], {}, {"$set": [HALF]}])
def test_a_list_or_an_object_comes_back_as_it_was_and_passes_for_no_text(sent: Any) -> None:
    assert stored_and_back({"name": sent}) == {"name": sent}


@pytest.mark.parametrize("levels", [101, 900])
def test_deep_nesting_is_not_read_back_and_passes_for_no_text(levels: int) -> None:
    text = "[" * levels + "]" * levels

    assert stored_and_back({"name": json.loads(text)}) == {"name": [text]}


def test_what_an_older_version_stored_as_json_text_is_that_text() -> None:
    assert from_stored_input({"name": json.dumps(["x"])}) == {"name": '["x"]'}


@given(inputs)
def test_the_size_is_never_less_than_what_is_stored(sent: dict[str, Any]) -> None:
    stored = to_stored_input(sent, OBJECTS)

    assert size_of(stored) + 5 >= len(bson.encode(stored))
