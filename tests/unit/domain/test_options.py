"""Build options and page requests: their defaults and their limits."""

import pytest

from server.batches.engine.limits import Limits
from server.domain.errors import BadInput
from server.domain.listing import PageRequest
from server.domain.options import BatchOptions


def test_the_defaults_are_those_of_the_descriptions() -> None:
    assert BatchOptions() == BatchOptions(
        atomic=False,
        continue_on_error=None,
        validate_before_write=False,
        batch_size=500,
        dry_run=False,
    )
    assert PageRequest() == PageRequest(first=50, after=None)


@pytest.mark.parametrize("size", [1, 500, 1000])
def test_a_batch_size_from_1_to_1000_is_taken(size: int) -> None:
    assert BatchOptions(batch_size=size).batch_size == size


@pytest.mark.parametrize("size", [0, -1, 1001, -(2**31), 2**31 - 1])
def test_any_other_batch_size_is_refused(size: int) -> None:
    with pytest.raises(BadInput) as refused:
        BatchOptions(batch_size=size)

    assert str(refused.value) == (
        f"options.batchSize is {size}: it must be from 1 to 1000. Leave it out for 500."
    )


@pytest.mark.parametrize(
    ("atomic", "continue_on_error", "goes_on", "ends"),
    [
        (False, None, True, False),
        (True, None, False, False),
        (False, True, True, False),
        (True, True, True, False),
        (False, False, False, True),
        (True, False, False, False),
    ],
)
def test_what_a_failure_means_for_the_other_items(
    atomic: bool, continue_on_error: bool | None, goes_on: bool, ends: bool
) -> None:
    options = BatchOptions(atomic=atomic, continue_on_error=continue_on_error)

    assert (options.goes_on, options.ends_at_failure) == (goes_on, ends)


@pytest.mark.parametrize("first", [1, 50, 1000])
def test_a_page_of_1_to_1000_is_taken(first: int) -> None:
    assert PageRequest(first=first).first == first


@pytest.mark.parametrize("first", [0, -1, 1001, 2**31 - 1])
def test_a_page_of_any_other_size_is_refused(first: int) -> None:
    with pytest.raises(BadInput) as refused:
        PageRequest(first=first)

    assert str(refused.value) == f"first is {first}: it must be from 1 to 1000."


def test_a_batch_has_10_000_items_at_most_and_5_000_if_atomic() -> None:
    assert Limits() == Limits(items=10_000, atomic_items=5_000)
