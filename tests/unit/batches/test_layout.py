"""Lay items out in chunks: all of them once, in order, and each product in one lane."""

from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.batches.stored.layout import Lanes, chunks_of_request, stored_items
from server.domain.errors import BadInput, BatchTooLarge
from server.domain.item_result import Input
from server.domain.lanes import mark_of
from server.domain.options import BatchOptions
from server.domain.stored_batch import Chunk
from server.kinds.update_stock.declaration import UPDATE_STOCK

MEBIBYTE = 1024**2


def sent(product: int) -> Input:
    return {"productId": f"{product:024x}", "quantity": 1}


def lay(blocks: Sequence[Sequence[Input]], size: int) -> tuple[Lanes, list[Chunk]]:
    lanes = Lanes(UPDATE_STOCK, size)
    laid = [chunk for block in blocks for chunk in lanes.add(block)]
    return lanes, [*laid, *lanes.rest()]


def indexes(laid: Sequence[Chunk]) -> list[list[int]]:
    return [[item.index for item in one.items] for one in laid]


def flat(lists: Sequence[Sequence[int]]) -> list[int]:
    return list(chain.from_iterable(lists))


blocks = st.lists(st.lists(st.integers(0, 9).map(sent), max_size=8), max_size=12)


@given(blocks, st.integers(1, 4))
def test_every_item_is_in_one_chunk_however_the_batch_comes(
    pieces: list[list[Input]], size: int
) -> None:
    lanes, laid = lay(pieces, size)

    sent_in_order = [one for piece in pieces for one in piece]
    assert sorted(flat(indexes(laid))) == list(range(len(sent_in_order)))
    assert lanes.total_items == len(sent_in_order)
    for one in laid:
        assert 1 <= len(one.items) <= size
        assert list(one.products) == [mark_of(str(item.input["productId"])) for item in one.items]
        assert [item.input for item in one.items] == [
            sent_in_order[item.index] for item in one.items
        ]


@given(blocks, st.integers(1, 4))
def test_a_product_is_in_one_lane_whose_chunks_follow_each_other_in_input_order(
    pieces: list[list[Input]], size: int
) -> None:
    lanes, laid = lay(pieces, size)

    by_lane: dict[int, list[Chunk]] = {}
    for one in laid:
        by_lane.setdefault(one.index % lanes.count, []).append(one)
    for lane in by_lane.values():
        numbers = [one.index // lanes.count for one in lane]
        assert numbers == list(range(len(lane)))
        in_lane = flat(indexes(lane))
        assert in_lane == sorted(in_lane)
    lane_of_product: dict[str, int] = {}
    for one in laid:
        for item in one.items:
            lane = one.index % lanes.count
            assert lane_of_product.setdefault(str(item.input["productId"]), lane) == lane


@given(blocks, st.integers(1, 4))
def test_all_chunks_are_below_the_number_that_is_told(pieces: list[list[Input]], size: int) -> None:
    lanes, laid = lay(pieces, size)

    assert lanes.chunks == max((one.index + 1 for one in laid), default=0)
    assert len({one.index for one in laid}) == len(laid)
    assert 1 <= lanes.count <= 16


def test_the_layout_does_not_depend_on_the_pieces_in_which_a_batch_comes() -> None:
    inputs = [sent(number % 37) for number in range(1000)]

    _, at_once = lay([inputs], 7)
    _, one_by_one = lay([[one] for one in inputs], 7)

    assert sorted(indexes(at_once)) == sorted(indexes(one_by_one))


def test_no_more_than_a_chunk_of_each_lane_is_kept_back() -> None:
    lanes = Lanes(UPDATE_STOCK, 10)

    laid = [chunk for number in range(5000) for chunk in lanes.add([sent(number)])]

    assert 5000 - sum(len(one.items) for one in laid) < 16 * 10


def test_long_texts_make_a_chunk_shorter() -> None:
    long = {"productId": "x" * MEBIBYTE, "quantity": 1}

    _, laid = lay([[long] * 8], 500)

    assert [len(one.items) for one in laid] == [3, 3, 2]


def test_an_item_that_no_document_holds_is_refused() -> None:
    lanes = Lanes(UPDATE_STOCK, 500)
    list(lanes.add([sent(1), {"productId": "x" * 4 * MEBIBYTE, "quantity": 1}]))

    with pytest.raises(BadInput, match=r"^Item 1 is too large to be stored: \d+ bytes\.$"):
        list(lanes.rest())


def test_a_batch_without_items_has_no_chunk() -> None:
    lanes, laid = lay([], 500)

    assert (laid, lanes.count, lanes.chunks, lanes.total_items) == ([], 1, 0, 0)


def test_stored_items_are_numbered_from_the_one_that_is_named() -> None:
    assert [one.index for one in stored_items([sent(1), sent(2)], 7)] == [7, 8]


def laid_request(count: int, **options: object) -> tuple[list[list[int]], int]:
    inputs = [sent(number) for number in range(count)]
    items = [UPDATE_STOCK.work().effects.item(index, one) for index, one in enumerate(inputs)]
    chunks, lanes = chunks_of_request(items, inputs, BatchOptions(**options))  # type: ignore[arg-type]
    assert [one.index for one in chunks] == list(range(len(chunks)))
    return [[item.index for item in one.items] for one in chunks], lanes


def test_an_atomic_request_is_one_chunk() -> None:
    assert laid_request(5, atomic=True, batch_size=2) == ([[0, 1, 2, 3, 4]], 1)


def test_a_request_that_ends_at_a_failure_is_one_lane_in_input_order() -> None:
    assert laid_request(5, continue_on_error=False, batch_size=2) == ([[0, 1], [2, 3], [4]], 1)


def test_a_rehearsal_that_ends_at_a_failure_is_one_chunk() -> None:
    laid = laid_request(5, continue_on_error=False, batch_size=2, dry_run=True)

    assert laid == ([[0, 1, 2, 3, 4]], 1)


def test_the_chunks_of_any_other_request_run_side_by_side() -> None:
    chunks, lanes = laid_request(5, batch_size=2)

    assert sorted(flat(chunks)) == [0, 1, 2, 3, 4]
    assert lanes == len(chunks) == 3


def test_an_atomic_request_that_fits_into_no_document_is_refused() -> None:
    inputs: list[Input] = [{"productId": "x" * MEBIBYTE, "quantity": 1}] * 9
    items = [UPDATE_STOCK.work().effects.item(index, one) for index, one in enumerate(inputs)]

    with pytest.raises(BatchTooLarge, match="too long to be stored"):
        chunks_of_request(items, inputs, BatchOptions(atomic=True))
