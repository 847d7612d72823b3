"""Cut a batch into chunks that cannot conflict with each other, or that keep the order."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from server.batches.engine.cutting import cut_by_product, cut_in_order
from server.kinds.discontinue_products.rules import DiscontinueItem, discontinue_item

A, B, C = "a" * 24, "b" * 24, "c" * 24


def items(*ids: str) -> list[DiscontinueItem]:
    return [discontinue_item(index, product_id) for index, product_id in enumerate(ids)]


def places(chunks: list[list[DiscontinueItem]]) -> list[list[int]]:
    return [[item.index for item in chunk] for chunk in chunks]


def test_an_empty_batch_has_no_chunks() -> None:
    assert cut_by_product([], 500) == []


def test_distinct_products_fill_the_chunks_in_order() -> None:
    batch = items(*(f"{number:024x}" for number in range(1100)))

    assert places(cut_by_product(batch, 500)) == [
        list(range(500)),
        list(range(500, 1000)),
        list(range(1000, 1100)),
    ]


def test_a_batch_of_exactly_one_chunk_is_not_cut() -> None:
    assert places(cut_by_product(items(A, B), 2)) == [[0, 1]]


def test_all_items_of_a_product_go_where_its_first_one_goes() -> None:
    assert places(cut_by_product(items(A, B, C, A), 2)) == [[0, 3], [1, 2]]


def test_two_spellings_of_an_id_are_one_product() -> None:
    assert places(cut_by_product(items(A, B, A.upper()), 2)) == [[0, 2], [1]]


def test_a_product_with_more_items_than_fit_makes_its_own_chunk_larger() -> None:
    assert places(cut_by_product(items(B, A, A, A, C), 2)) == [[0], [1, 2, 3], [4]]


def test_items_that_name_no_product_may_be_parted() -> None:
    assert places(cut_by_product(items("x", "x", "x"), 1)) == [[0], [1], [2]]


@given(
    st.lists(st.sampled_from([*(f"{number:024x}" for number in range(12)), A.upper(), A, "x"])),
    st.integers(1, 10),
)
def test_nothing_is_lost_and_no_product_is_in_two_chunks(ids: list[str], size: int) -> None:
    batch = items(*ids)

    chunks = cut_by_product(batch, size)

    assert sorted(index for chunk in places(chunks) for index in chunk) == list(range(len(ids)))
    assert all(chunk == sorted(chunk) for chunk in places(chunks))
    products = Counter(key for chunk in chunks for key in {item.key for item in chunk if item.key})
    assert set(products.values()) <= {1}
    for chunk in chunks:
        assert 1 <= len(chunk) <= size or len({item.key for item in chunk}) == 1


@given(st.integers(0, 300), st.integers(1, 40))
def test_distinct_products_need_no_more_chunks_than_necessary(count: int, size: int) -> None:
    batch = items(*(f"{number:024x}" for number in range(count)))

    assert len(cut_by_product(batch, size)) == -(-count // size)


def test_chunks_in_order_do_not_keep_a_product_together() -> None:
    assert places(cut_in_order(items(A, B, A, "x", A), 2)) == [[0, 1], [2, 3], [4]]


def test_an_empty_batch_has_no_chunks_in_order_either() -> None:
    assert cut_in_order([], 500) == []


def test_a_batch_of_exactly_one_chunk_in_order_is_not_cut() -> None:
    assert places(cut_in_order(items(A, B), 2)) == [[0, 1]]


@given(st.lists(st.sampled_from([A, B, C, A.upper(), "x"])), st.integers(1, 10))
def test_chunks_in_order_are_the_batch_in_pieces_of_the_size(ids: list[str], size: int) -> None:
    batch = items(*ids)

    chunks = cut_in_order(batch, size)

    assert [item for chunk in chunks for item in chunk] == batch
    assert [len(chunk) for chunk in chunks[:-1]] == [size] * (len(chunks) - 1)
    assert all(1 <= len(chunk) <= size for chunk in chunks)
