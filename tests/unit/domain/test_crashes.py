"""Cut a chunk that kills its process down until the item at fault is alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.batches.stored.crashes import ALONE, ATOMIC, TOGETHER, Part, parts
from server.domain.death import Death
from server.kinds.kind import Item

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Numbered:
    index: int


def items_of(indexes: Sequence[int]) -> Sequence[Item]:
    return cast(Sequence[Item], [Numbered(index) for index in indexes])


def death(first: int, last: int) -> Death:
    return Death(first=first, last=last, at=AT, worker="dead")


def cut(count: int, *deaths: Death, atomic: bool = False) -> list[tuple[int, int, bool]]:
    """Return the first and last item of each part, and whether they are at fault."""
    return [
        (part.first, part.last, part.has_crashed)
        for part in parts(items_of(range(count)), deaths, atomic=atomic)
    ]


def searched(
    count: int, dies: Callable[[Sequence[int]], bool]
) -> tuple[list[int], list[int], dict[int, int]]:
    """Run a chunk until it is done; `dies` tells whether a transaction of these items is a death.

    Return the items at fault, those that were applied, and how often each item died alone.
    """
    left, deaths = list(range(count)), list[Death]()
    failed: list[int] = []
    applied: list[int] = []
    alone: dict[int, int] = {}

    def run(part: Part) -> bool:
        indexes = [item.index for item in part.items]
        if part.has_crashed:
            failed.extend(indexes)
            deaths.clear()
        elif dies(indexes):
            if len(indexes) == 1:
                alone[indexes[0]] = alone.get(indexes[0], 0) + 1
            deaths.append(death(indexes[0], indexes[-1]))
            return False
        else:
            applied.extend(indexes)
        del left[: len(indexes)]
        return True

    for _ in range(5_000):
        if not left:
            return failed, applied, alone
        for part in parts(items_of(left), tuple(deaths), atomic=False):
            if not run(part):
                break
    raise AssertionError("the search does not end")


def test_a_chunk_that_nobody_died_of_runs_at_once() -> None:
    assert cut(500) == [(0, 499, False)]
    assert cut(500, *[death(0, 499)] * (TOGETHER - 1)) == [(0, 499, False)]


def test_the_fewest_items_that_died_are_halved_and_no_others() -> None:
    whole = [death(0, 499)] * TOGETHER

    assert cut(500, *whole) == [(0, 249, False), (250, 499, False)]
    assert cut(500, *whole, death(250, 499)) == [
        (0, 249, False), (250, 374, False), (375, 499, False),
    ]  # fmt: skip


def test_items_with_an_outcome_are_innocent() -> None:
    """Of the items 0 to 3 the first three have been applied since their death."""
    deaths = [death(0, 9)] * TOGETHER + [death(0, 3)] * 5

    found = list(parts(items_of([3, 4, 5]), deaths, atomic=False))

    assert [([item.index for item in part.items], part.has_crashed) for part in found] == [
        ([3], False), ([4, 5], False),
    ]  # fmt: skip
    assert len(list(parts(items_of([10, 11]), deaths, atomic=False))) == 1


def test_an_item_is_at_fault_after_three_deaths_alone_and_the_rest_runs_at_once() -> None:
    whole = [death(0, 4)] * TOGETHER

    assert cut(5, *whole, *[death(0, 0)] * (ALONE - 1)) == [(0, 0, False), (1, 4, False)]
    assert cut(5, *whole, *[death(0, 0)] * ALONE) == [(0, 0, True), (1, 4, False)]


def test_an_atomic_chunk_is_never_cut_and_fails_as_a_whole_after_six_deaths() -> None:
    assert cut(5, *[death(0, 4)] * (ATOMIC - 1), atomic=True) == [(0, 4, False)]
    assert cut(5, *[death(0, 4)] * ATOMIC, atomic=True) == [(0, 4, True)]


@given(st.integers(1, 1000), st.integers(0, 999))
def test_only_the_item_at_fault_fails_wherever_it_stands(count: int, place: int) -> None:
    faulty = place % count

    failed, applied, alone = searched(count, lambda indexes: faulty in indexes)

    assert (failed, alone) == ([faulty], {faulty: ALONE})
    assert applied == [index for index in range(count) if index != faulty]


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=6))
def test_of_several_items_at_fault_each_fails_and_nothing_else(count: int, at: set[int]) -> None:
    faulty = {index for index in at if index < count}

    failed, applied, _ = searched(count, lambda indexes: bool(faulty & {*indexes}))

    assert failed == sorted(faulty)
    assert sorted(failed + applied) == list(range(count))


@given(st.integers(1, 60), st.integers(0, 59), st.randoms(use_true_random=False))
def test_whatever_else_dies_an_item_fails_only_after_three_deaths_alone(
    count: int, place: int, dice: Random
) -> None:
    """Half of all transactions are killed, whoever runs in them."""
    faulty = place % count

    failed, applied, alone = searched(
        count, lambda indexes: faulty in indexes or dice.random() < 0.5
    )

    assert faulty in failed
    assert sorted(failed + applied) == list(range(count))
    assert all(alone[index] == ALONE for index in failed)


@pytest.mark.parametrize("chance", [0.1, 0.2])
def test_kills_that_come_by_chance_fail_nobody(chance: float) -> None:
    """One transaction in ten, or in five, is killed: of 10 000 chunks no item fails."""
    dice = Random(16)

    def dies(_: Any) -> bool:
        return dice.random() < chance

    assert sum(len(searched(50, dies)[0]) for _ in range(10_000)) == 0
