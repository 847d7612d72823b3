"""Read cursors: they are opaque to callers, and smuggle no operator into the database."""

import base64
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import BadInput
from server.mongo.paging.cursor import Cursor, decode_cursor

MALFORMED = (
    "after is not a cursor: pass the endCursor of the page before, unchanged, or leave it out."
)
OF_ANOTHER_ORDER = (
    "after is a cursor of a list in another order: keep orderBy and the filter the same from page "
    "to page, or leave after out to start anew."
)
ID = ObjectId("0123456789abcdef01234567")
MILLISECONDS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
LONG_TEXT = st.text(max_size=300)


def forged(**fields: Any) -> str:
    return base64.urlsafe_b64encode(bson.encode(fields)).decode()


def refusal(text: str, order: str = "STOCK_ASC", value_type: type = int) -> str:
    with pytest.raises(BadInput) as refused:
        decode_cursor(text, order=order, value_type=value_type)
    return str(refused.value)


@given(
    st.sampled_from(["CREATED_ASC", "NAME_DESC", "NEWEST"]),
    st.one_of(st.integers(-(2**31), 2**31 - 1), LONG_TEXT, MILLISECONDS),
    st.binary(min_size=12, max_size=12).map(ObjectId),
)
def test_a_cursor_comes_back_as_it_went_out(order: str, value: Any, document_id: ObjectId) -> None:
    cursor = Cursor(order=order, value=value, id=document_id)

    text = cursor.encode()

    assert text.isascii()
    assert not set(text) & set("+/ \n")
    assert decode_cursor(text, order=order, value_type=type(value)) == cursor


@given(
    st.one_of(
        st.text(alphabet=st.characters(), max_size=80),
        st.binary(max_size=80).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
        st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")),
    ),
    st.sampled_from([int, str, datetime]),
)
def test_garbage_is_bad_input_and_nothing_else(text: str, value_type: type) -> None:
    assert refusal(text, value_type=value_type) == MALFORMED


@given(st.data(), st.sampled_from([5, "Cup", datetime(2026, 1, 31, tzinfo=UTC)]))
def test_a_damaged_cursor_is_bad_input_or_another_cursor(data: st.DataObject, value: Any) -> None:
    intact = Cursor(order="X", value=value, id=ID).encode()
    raw = bytearray(base64.urlsafe_b64decode(intact))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=4)):
        raw[place] = data.draw(st.integers(0, 255))

    text = base64.urlsafe_b64encode(raw).decode()
    try:
        found: Cursor | BadInput = decode_cursor(text, order="X", value_type=type(value))
    except BadInput as refused:
        found = refused

    if isinstance(found, Cursor):
        assert (found.order, type(found.value), type(found.id)) == ("X", type(value), ObjectId)
    else:
        assert str(found) in {MALFORMED, OF_ANOTHER_ORDER}


@pytest.mark.parametrize(
    "value",
    [{"$gt": 0}, {"$where": "1"}, [1], None, True, 1.0, "1", bson.Regex("."), ID, bson.MinKey()],
    ids=repr,
)
def test_a_forged_value_of_another_type_is_refused(value: Any) -> None:
    assert refusal(forged(o="STOCK_ASC", v=value, i=ID)) == MALFORMED


@pytest.mark.parametrize("value", [bson.Code("x"), 5, {"$regex": "x"}], ids=repr)
def test_a_forged_text_that_is_no_plain_text_is_refused(value: Any) -> None:
    text = forged(o="NAME_ASC", v=value, i=ID)

    assert refusal(text, order="NAME_ASC", value_type=str) == MALFORMED


def test_a_whole_number_that_was_stored_as_a_long_is_one_too() -> None:
    cursor = Cursor(order="STOCK_ASC", value=bson.Int64(5), id=ID)

    assert decode_cursor(cursor.encode(), order="STOCK_ASC", value_type=int) == cursor


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"o": "STOCK_ASC", "v": 5},
        {"o": "STOCK_ASC", "i": ID},
        {"v": 5, "i": ID},
        {"o": 5, "v": 5, "i": ID},
        {"o": {"$ne": ""}, "v": 5, "i": ID},
        {"o": "STOCK_ASC", "v": 5, "i": str(ID)},
        {"o": "STOCK_ASC", "v": 5, "i": {"$gt": ID}},
    ],
    ids=repr,
)
def test_a_forged_cursor_with_a_wrong_field_is_refused(fields: dict[str, Any]) -> None:
    assert refusal(forged(**fields)) == MALFORMED


def test_a_cursor_of_another_order_is_told_apart_from_garbage() -> None:
    text = Cursor(order="NAME_ASC", value="Cup", id=ID).encode()

    assert refusal(text, order="NAME_DESC", value_type=str) == OF_ANOTHER_ORDER


def test_a_cursor_nested_without_end_is_bad_input() -> None:
    nested = bson.encode({})
    for _ in range(20_000):
        nested = bson.encode({"v": bson.raw_bson.RawBSONDocument(nested)})

    assert refusal(base64.urlsafe_b64encode(nested).decode()) == MALFORMED


def test_a_time_that_no_calendar_has_is_bad_input() -> None:
    text = forged(o="NEWEST", v=bson.DatetimeMS(2**62), i=ID)

    assert refusal(text, order="NEWEST", value_type=datetime) == MALFORMED
