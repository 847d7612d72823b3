"""JSON is read as the standard library reads it, and written so that any reader gets it back."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.web import json_value

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
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(BadInput):
            json_value.parse(text.encode(), as_python=True)
    else:
        assert typed(json_value.parse(text.encode(), as_python=True)) == typed(expected)


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
