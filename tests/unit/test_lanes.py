"""Lanes: where an item belongs, and when a chunk's turn comes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.lanes import MOST_LANES, due, lane_of, lanes_for

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("items", "size", "lanes"),
    [
        (0, 500, 1),
        (1, 500, 1),
        (500, 500, 1),
        (501, 500, 2),
        (8000, 500, 16),
        (8001, 500, 16),
        (100_000, 500, 16),
        (15, 1, 15),
        (17, 1, 16),
    ],
)
def test_there_are_as_many_lanes_as_chunks_up_to_sixteen(items: int, size: int, lanes: int) -> None:
    assert MOST_LANES == 16
    assert lanes_for(items, size) == lanes


@given(st.text(min_size=1), st.integers(0), st.integers(0), st.integers(1, MOST_LANES))
def test_the_items_of_one_product_share_a_lane_wherever_they_stand(
    key: str, one: int, other: int, lanes: int
) -> None:
    assert lane_of(key, one, lanes) == lane_of(key, other, lanes)
    assert 0 <= lane_of(key, one, lanes) < lanes


@given(st.integers(0), st.integers(1, MOST_LANES))
def test_items_of_no_product_are_dealt_out_in_turn(index: int, lanes: int) -> None:
    assert lane_of("", index, lanes) == index % lanes


def test_products_are_spread_over_all_lanes() -> None:
    used = {lane_of(f"{number:024x}", 0, 16) for number in range(1000)}

    assert used == set(range(16))


def test_the_first_chunk_of_every_lane_is_due_at_once_and_each_further_one_ten_seconds_later() -> (
    None
):
    assert [due(NOON, index, 3) - NOON for index in range(7)] == [
        *[timedelta(0)] * 3,
        *[timedelta(seconds=10)] * 3,
        timedelta(seconds=20),
    ]


def test_a_batch_that_comes_later_goes_before_the_later_rounds_of_a_long_one() -> None:
    small = due(NOON + timedelta(seconds=1), 0, 1)

    assert due(NOON, 15, 16) < small < due(NOON, 16, 16)


def test_a_round_of_a_long_batch_goes_before_whatever_comes_after_its_time() -> None:
    late = due(NOON + timedelta(seconds=11), 0, 1)

    assert due(NOON, 16, 16) < late
