"""Read our two scalars: `Float` takes any number, `DateTime` only what needs no guess."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType, parse_value
from hypothesis import given
from hypothesis import strategies as st

from schema import schema
from server.domain.whole_number import MAX_INT

FLOAT = schema._schema.type_map["Float"]
DATE_TIME = schema._schema.type_map["DateTime"]
assert isinstance(FLOAT, GraphQLScalarType)
assert isinstance(DATE_TIME, GraphQLScalarType)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("number", [0, -3, 5.5, 1e300, 10**400, math.inf, -math.inf])
def test_float_lets_every_number_through_for_its_rule_to_judge(number: float) -> None:
    assert FLOAT.parse_value(number) == number


def test_float_lets_nan_through() -> None:
    assert math.isnan(FLOAT.parse_value(math.nan))


@pytest.mark.parametrize("value", [True, False, "5", "", None, [1], {"a": 1}])
def test_float_refuses_what_is_no_number(value: Any) -> None:
    with pytest.raises(GraphQLError, match="Float cannot represent the non-numeric value"):
        FLOAT.parse_value(value)


@pytest.mark.parametrize(
    ("literal", "number"),
    [("5", 5), ("-3", -3), ("0.5", 0.5), ("1e300", 1e300), ("-0.0", 0), ("9" * 400, 10**30 - 1)],
)
def test_float_reads_numbers_in_the_query(literal: str, number: float) -> None:
    assert FLOAT.parse_literal(parse_value(literal)) == number


@pytest.mark.parametrize("literal", ['"5"', "true", "null", "FIVE", "[5]", "{a: 5}"])
def test_float_refuses_other_literals(literal: str) -> None:
    with pytest.raises(GraphQLError, match="Float cannot represent the non-numeric value"):
        FLOAT.parse_literal(parse_value(literal))


@pytest.mark.parametrize("value", ["x" * 2**20, ["x" * 2**20]])
def test_a_refusal_stays_short_however_much_was_sent(value: Any) -> None:
    for scalar in (FLOAT, DATE_TIME):
        with pytest.raises(GraphQLError) as refused:
            scalar.parse_value(value)
        assert len(refused.value.message) < 200


@given(st.integers(-MAX_INT, MAX_INT))
def test_every_quantity_in_range_survives_as_a_float_literal(quantity: int) -> None:
    assert FLOAT.parse_literal(parse_value(str(quantity))) == quantity


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00.000Z", NOON),
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31T12:00Z", NOON),
        ("2026-01-31T14:30:00+02:30", NOON),
        ("2026-01-31T12:00:00.250+00:00", NOON + timedelta(milliseconds=250)),
    ],
)
def test_a_time_with_a_zone_is_read_in_utc(text: str, moment: datetime) -> None:
    read = DATE_TIME.parse_value(text)

    assert (read, read.utcoffset()) == (moment, timedelta(0))


def test_a_time_is_cut_to_the_millisecond() -> None:
    read = DATE_TIME.parse_value("2026-01-31T12:00:00.000999Z")

    assert read == NOON


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1769860800, "DateTime must be a string in ISO 8601, not 1769860800"),
        (
            "yesterday",
            '"yesterday" is no date and time in ISO 8601, such as 2026-01-31T12:00:00.000Z',
        ),
        ("", '"" is no date and time in ISO 8601, such as 2026-01-31T12:00:00.000Z'),
        (
            "2026-02-30T00Z",
            '"2026-02-30T00Z" is no date and time in ISO 8601, such as 2026-01-31T12:00:00.000Z',
        ),
        (
            "2026-01-31T12:00:00",
            '"2026-01-31T12:00:00" has no time zone: end it with Z for UTC',
        ),
        ("2026-01-31", '"2026-01-31" has no time zone: end it with Z for UTC'),
        ("0001-01-01T00:00:00+01:00", '"0001-01-01T00:00:00+01:00" is out of range'),
        ("9999-12-31T23:59:59-01:00", '"9999-12-31T23:59:59-01:00" is out of range'),
    ],
)
def test_a_time_that_would_be_a_guess_is_refused(value: Any, told: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        DATE_TIME.parse_value(value)

    assert refused.value.message == told


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_is_a_time_in_utc_or_refused(text: str) -> None:
    try:
        read = DATE_TIME.parse_value(text)
    except GraphQLError:
        return
    assert read.utcoffset() == timedelta(0)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_a_time_to_the_millisecond_comes_back_as_it_went_out(moment: datetime) -> None:
    sent = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)

    assert DATE_TIME.parse_value(DATE_TIME.serialize(sent)) == sent


def test_times_go_out_in_utc_with_milliseconds() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=-5))) + timedelta(microseconds=123_999)

    assert DATE_TIME.serialize(local) == "2026-01-31T12:00:00.123Z"
