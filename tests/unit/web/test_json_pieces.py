"""A long JSON text is read in pieces, and means the same."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.web import json_pieces, json_value

TEXTS = st.text(st.sampled_from([*'a,:"[]{}\\ \n', "é", "\ud800"]), max_size=12)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner, max_size=20)
    ),
    max_leaves=60,
)
CASES = ["list", "object"]


@pytest.fixture(autouse=True)
def short() -> Iterator[None]:
    """Read every text in pieces, of a few bytes each."""
    with (
        patch.object(json_value, "_LONG", 0),
        patch.object(json_pieces, "PIECE", 24),
        patch.object(json_pieces, "_SLICE", 8),
        patch.object(json_pieces, "_MOST_LEVELS", 100),
    ):
        yield


@given(value=VALUES, spaces=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_a_text_means_the_same_in_pieces(value: Any, spaces: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=spaces, ensure_ascii=ascii_only)

    try:
        content = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair can be sent as an escape alone
        content = json.dumps(value, indent=spaces).encode()

    assert repr(json_value.parse(content)) == repr(json.loads(content))


@given(
    value=st.lists(VALUES, min_size=3),
    place=st.integers(0, 300),
    other=st.sampled_from(list('x,:"[]{}\\ 1')),
)
def test_a_text_with_a_fault_is_refused_in_pieces_if_it_is_refused_as_a_whole(
    value: Any, place: int, other: str
) -> None:
    text = json.dumps(value)
    text = text[:place] + other + text[place + 1 :]
    try:
        expected = repr(json.loads(text, object_pairs_hook=unique))
    except (ValueError, RecursionError):
        with pytest.raises(BadInput):
            json_value.parse(text.encode())
    else:
        assert repr(json_value.parse(text.encode())) == expected


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def test_a_name_that_is_there_twice_in_two_pieces_is_found() -> None:
    names = ",".join(f'"n{number}":1' for number in range(100))

    with pytest.raises(BadInput, match="the name “n7” twice"):
        json_value.parse(f'{{{names},"n7":2}}')


def test_a_number_of_any_length_may_be_in_a_piece() -> None:
    assert json_value.parse("[1," + "7" * 5000 + ",1.5,2]") == [1, int("7" * 30), 1.5, 2]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": [' + "1," * 100, "is not JSON: it ends too early"),
        ('{"a": [' + "1," * 100 + "}", "is not JSON: invalid character at byte 208"),
        ("[" + "1," * 100 + "1]]", "is not JSON: trailing characters at byte 204"),
        ("[" + "1," * 100 + "NaN]", "is not JSON: invalid character at byte 202"),
        ("[" * 100_000, "is nested too deeply"),
        ("[1,2]" * 100, "is not JSON: trailing characters at byte 6"),
    ],
)
def test_the_fault_of_a_long_text_has_its_place(text: str, fault: str) -> None:
    with pytest.raises(BadInput) as refused:
        json_value.parse(text)

    assert str(refused.value) == fault


def test_a_long_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(BadInput, match="byte 202 of it is 0xff"):
        json_value.parse(b'["' + b"a" * 199 + b'\xff"]')


def test_lists_in_lists_are_long_a_few_times_only() -> None:
    with patch.object(json_pieces, "_MOST_LEVELS", 3):
        assert json_value.parse("[[[" + "1," * 100 + "1]]]") == [[[1] * 101]]
        with pytest.raises(BadInput, match="nested too deeply for its length"):
            json_value.parse("[[[[" + "1," * 100 + "1]]]]")


def test_no_piece_is_longer_than_it_may_be_unless_it_is_one_text() -> None:
    item = '{"productId":"aé,\\"}","quantity":1}'
    text = '{"query": "q", "variables": {"u": [' + ", ".join([item] * 50) + "]}}"
    lengths = []

    def read(piece: bytes) -> Any:
        lengths.append(len(piece))
        return json.loads(piece)

    with patch.object(json_pieces, "PIECE", 200):
        found = json_pieces.parse(text.encode(), read)

    assert found == json.loads(text)
    assert max(lengths) <= 200 + len("[]")
    assert len(lengths) < 25
