"""Cut a chunk that kills its process down until the item at fault is alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.batches.stored.crashes import PATIENCE, part_size


@given(st.integers(1, 1000), st.integers(0, PATIENCE - 1))
def test_after_fewer_than_three_crashes_all_items_run_at_once(items: int, crashes: int) -> None:
    assert part_size(items, crashes) == items


@pytest.mark.parametrize(
    ("items", "sizes"),
    [
        (1, [1, 1, 1, 0]),
        (2, [2, 2, 2, 1, 0]),
        (3, [3, 3, 3, 1, 0]),
        (4, [4, 4, 4, 2, 1, 0]),
        (5, [5, 5, 5, 2, 1, 0]),
        (500, [500, 500, 500, 250, 125, 62, 31, 15, 7, 3, 1, 0]),
    ],
)
def test_each_crash_from_the_third_on_halves_the_part(items: int, sizes: list[int]) -> None:
    """An item that is alone in its chunk has been tried alone three times, and is to blame."""
    assert [part_size(items, crashes) for crashes in range(len(sizes))] == sizes


@given(st.integers(1, 1000))
def test_an_item_at_fault_is_found_after_few_crashes_whatever_the_size(items: int) -> None:
    crashes = next(count for count in range(100) if part_size(items, count) == 0)

    assert crashes <= PATIENCE + items.bit_length()
    assert part_size(items, crashes + 1) == 0


@given(st.integers(2, 1000), st.integers(0, 999))
def test_only_the_item_at_fault_fails_wherever_it_stands(items: int, place: int) -> None:
    """The worker crashes whenever the item at fault is among the items that it runs."""
    faulty = place % items
    crashes, left, failed = 0, list(range(items)), []
    for _ in range(1000):
        if not left:
            break
        size = part_size(items, crashes)
        part = left[:size] if size else left[:1]
        if not size:
            failed += part
            crashes = 0
        elif faulty in part:
            crashes += 1
            continue
        left = left[len(part) :]

    assert failed == [faulty]
    assert left == []
