"""JSON is read as the standard library reads it, and written so that any reader gets it back."""

import json
import math
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.web import json_value
from server.web.json_value import MOST_OBJECTS, MOST_VALUES

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
PIECES = st.sampled_from([*'{}[]":,\\ \n\t\x01é/', *"0123456789-+.eE", "true", "null", "\\ud800"])


def typed(value: Any) -> str:
    """Return a text that differs for 1, 1.0 and True, for 0.0 and -0.0, and for another order."""
    return repr(value)


@given(value=VALUES, ascii_only=st.booleans(), spaces=st.sampled_from([None, 2]))
def test_what_json_holds_is_read_as_it_is(value: Any, ascii_only: bool, spaces: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=spaces)

    assert typed(json_value.parse(text.encode())) == typed(value)
    assert typed(json_value.parse(text)) == typed(value)


@given(text=st.lists(PIECES, max_size=12).map("".join))
def test_what_is_no_json_is_refused_and_all_else_is_read_as_the_standard_library_reads_it(
    text: str,
) -> None:
    try:
        expected = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
    except ValueError:
        with pytest.raises(BadInput):
            json_value.parse(text.encode())
    else:
        assert typed(json_value.parse(text.encode())) == typed(expected)


def refuse(constant: str) -> None:
    raise ValueError(constant)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


NAMES = st.sampled_from(["a", "b", "a:b", "\\u003a", "é", '"', ":"])


PAIRS = st.lists(st.tuples(NAMES, LEAVES | st.sampled_from([":", "a:"])))


@given(pairs=PAIRS, ascii_only=st.booleans())
def test_a_name_that_is_there_twice_is_found(
    pairs: list[tuple[str, Any]], ascii_only: bool
) -> None:
    parts = [
        f"{json.dumps(name, ensure_ascii=ascii_only)} : {json.dumps(value)}"
        for name, value in pairs
    ]
    text = f"[{{{', '.join(parts)}}}]"

    if len({name for name, _ in pairs}) == len(pairs):
        assert json_value.parse(text.encode()) == [dict(pairs)]
    else:
        with pytest.raises(BadInput, match="twice in one object"):
            json_value.parse(text.encode())


def test_an_escaped_colon_does_not_hide_a_name_that_is_there_twice() -> None:
    for text in (b'{"a": "\\u003A", "a": 1}', b'{"a\\u003a": 1, "b": "x", "b": "y"}'):
        with pytest.raises(BadInput, match="twice"):
            json_value.parse(text)


@pytest.mark.parametrize(
    "text", [b"[" + b"[]," * MOST_OBJECTS + b"1]", b"[" + b"1," * (MOST_VALUES + 1) + b"1]"]
)
def test_more_values_than_any_request_has_are_refused_before_they_are_read(text: bytes) -> None:
    with pytest.raises(BadInput, match="has more than 1100000 objects and lists"):
        json_value.parse(text)


def test_an_object_with_one_name_is_not_written_out_to_compare_its_names() -> None:
    with patch("msgspec.json.encode", side_effect=AssertionError):
        assert json_value.parse(b'{"query": "{ __typename }"}') == {"query": "{ __typename }"}


@given(value=VALUES)
def test_an_answer_is_json_that_holds_its_value(value: Any) -> None:
    assert typed(json.loads(json_value.answer(value))) == typed(value)


def test_half_a_surrogate_pair_survives() -> None:
    assert json_value.parse(b'"\\ud800"') == "\ud800"
    assert json_value.answer({"a": "\ud800"}) == b'{"a":"\\ud800"}'


def test_a_number_beyond_every_range_is_read() -> None:
    assert json_value.parse(b"1e400") == math.inf
    assert json_value.parse(b"1" * 5_000) == int("1" * 30)
    assert json_value.parse(b"1" * 40) == int("1" * 40)
