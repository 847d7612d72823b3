"""Assign items to lanes, and chunks to their turns."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.lanes import MOST_LANES, lane_of, lanes_for, mark_of

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
    assert lane_of(mark_of(key), one, lanes) == lane_of(mark_of(key), other, lanes)
    assert 0 <= lane_of(mark_of(key), one, lanes) < lanes


@given(st.integers(0), st.integers(1, MOST_LANES))
def test_items_of_no_product_are_dealt_out_in_turn(index: int, lanes: int) -> None:
    assert lane_of(mark_of(""), index, lanes) == index % lanes


def test_products_are_spread_over_all_lanes() -> None:
    used = {lane_of(mark_of(f"{number:024x}"), 0, 16) for number in range(1000)}

    assert used == set(range(16))
