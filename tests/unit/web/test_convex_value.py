"""Read Convex's values in JSON, as `convexToJson` of the npm package wrote them."""

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.web.convex.value import decoded, encoded, encoded_in_slices


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (None, None),
        (5, 5),
        ("$5", "$5"),
        ([True, {"a": [1]}], [True, {"a": [1]}]),
        ({"$integer": "BQAAAAAAAAA="}, 5),
        ({"$integer": "//////////8="}, -1),
        ({"$integer": "/////////38="}, 2**63 - 1),
        ({"$integer": "AAAAAAAAAIA="}, -(2**63)),
        ({"$float": "AAAAAAAA8H8="}, math.inf),
        ({"$float": "AAAAAAAA8P8="}, -math.inf),
        ({"a": {"$integer": "BQAAAAAAAAA="}}, {"a": 5}),
        ({}, {}),
    ],
)
def test_what_a_client_sends_is_what_was_meant(sent: Any, meant: Any) -> None:
    assert decoded(sent, "args") == meant


def test_nan_and_minus_zero_come_and_go_as_floats() -> None:
    nan, minus_zero = {"$float": "AAAAAAAA+H8="}, {"$float": "AAAAAAAAAIA="}

    assert math.isnan(decoded(nan, "args"))
    assert math.copysign(1, decoded(minus_zero, "args")) == -1
    assert encoded([math.nan, -0.0, math.inf, 0.0, 2.5]) == [
        nan,
        minus_zero,
        {"$float": "AAAAAAAA8H8="},
        0.0,
        2.5,
    ]


def test_null_in_an_object_is_left_out_and_stays_elsewhere() -> None:
    assert encoded({"a": None, "b": [None, {"c": None}], "d": 0, "e": ""}) == {
        "b": [None, {}],
        "d": 0,
        "e": "",
    }
    assert encoded(None) is None


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"$integer": "BQAAAAAAAA=="}, "args.x has a $integer that is not 8 bytes in base64."),
        (
            {"$integer": "BQAAAAAAAAA=\n"},
            "args.x has a $integer that is not 8 bytes in base64.",
        ),
        ({"$integer": "?"}, "args.x has a $integer that is not 8 bytes in base64."),
        ({"$float": "BQAAAAAAAAA=é"}, "args.x has a $float that is not 8 bytes in base64."),
        ({"$float": 5}, "args.x has a $float that is not 8 bytes in base64."),
        ({"$bytes": "AA=="}, "args.x is bytes, which no argument is."),
        (
            [0, {"$set": []}],
            "args.x[1] has the field “$set”: names that begin with $ are Convex's.",
        ),
        (
            {"y": {"$integer": "BQAAAAAAAAA=", "z": 1}},
            "args.x.y has the field “$integer”: names that begin with $ are Convex's.",
        ),
        (
            [{"a": [1, [], {"b": {"$bytes": ""}}]}],
            "args.x[0].a[2].b is bytes, which no argument is.",
        ),
        ({"é": 1}, "args.x has the field “é”: a name is of printable ASCII."),
        ({"a\n": 1}, "args.x has the field 'a\\n': a name is of printable ASCII."),
    ],
)
def test_what_is_no_value_of_convex_is_refused_with_its_place(sent: Any, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        decoded(sent, "args.x")

    assert str(refused.value) == reason


_NAMES = st.text("abcXYZ_09", min_size=1)
_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner),
)


@given(_VALUES)
def test_what_is_sent_back_is_what_came(value: Any) -> None:
    assert repr(decoded(encoded(value), "args")) == repr(value)


async def test_a_long_answer_is_encoded_in_slices() -> None:
    results = [{"index": number, "error": None, "price": -0.0} for number in range(10_000)]
    value = {"failures": results, "empty": None, "few": [{"a": None}]}
    encoding = asyncio.create_task(encoded_in_slices(value))
    turns = 0

    while not encoding.done():
        await asyncio.sleep(0)
        turns += 1

    assert await encoding == encoded(value)
    assert await encoded_in_slices(results) == encoded(results)
    assert turns >= 5
