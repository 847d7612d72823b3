"""The ids of waiting rows: they follow from that of the first, and are sorted by index."""

import itertools
from datetime import UTC, datetime

from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from server.mongo.batches.waiting.rows import new_first_row
from server.mongo.products.documents import row_ids

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@given(st.lists(st.integers(0, 2**32), unique=True))
def test_ids_are_in_the_order_of_their_items(indexes: list[int]) -> None:
    first = new_first_row(NOON)

    ids = row_ids(first, indexes)

    assert [one for _, one in sorted(zip(indexes, ids, strict=True))] == sorted(ids)
    assert len(set(ids)) == len(indexes)
    assert {one.generation_time for one in ids} <= {NOON}
    assert row_ids(first, [0]) == [ObjectId(first)]


def test_ids_carry_over_from_byte_to_byte() -> None:
    assert row_ids("00" * 10 + "ffff", [1]) == [ObjectId("00" * 9 + "01" + "0000")]


def test_two_batches_of_one_second_have_other_ids() -> None:
    firsts = [int(new_first_row(NOON), 16) for _ in range(100)]

    firsts.sort()
    gaps = [later - earlier for earlier, later in itertools.pairwise(firsts)]
    assert min(gaps) > 1_000_000
