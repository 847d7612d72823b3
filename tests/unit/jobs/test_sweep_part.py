"""Choose what a sweep deletes at once: part after part, all of it and no row more."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from server.jobs.expiry_sweep import first_part
from server.mongo.products.ledger import Row

row_counts = st.dictionaries(
    keys=st.integers(0, 2**96 - 1).map("{:024x}".format),
    values=st.integers(0, 12),
    max_size=12,
)
most = st.integers(1, 10)
at_once = st.integers(1, 5)


def rows_of(**counts: int) -> list[Row]:
    """Return that many rows of each product, in the order of the products."""
    return [
        Row(id=f"{product}{number}", product_id=product)
        for product, count in sorted(counts.items())
        for number in range(count)
    ]


Part = tuple[list[str], list[Row]]


def parts(
    expiring: Sequence[str], counts: Mapping[str, int], at_once: int, most: int
) -> Iterator[Part]:
    """Return the parts of one sweep over products that expire in this order."""
    products, rows = list(expiring), rows_of(**counts)
    while products:
        looked_at = products[:at_once]
        found = [row for row in rows if row.product_id in looked_at]
        gone, gone_rows = first_part(looked_at, found[: most + 1], most)
        assert gone or gone_rows, "a part that deletes nothing comes again for ever"
        yield gone, gone_rows
        products = [one for one in products if one not in gone]
        rows = [row for row in rows if row not in gone_rows]


@given(counts=row_counts, at_once=at_once, most=most, data=st.data())
def test_part_after_part_everything_goes_exactly_once(
    counts: dict[str, int], at_once: int, most: int, data: st.DataObject
) -> None:
    expiring = data.draw(st.permutations(sorted(counts)))

    swept = list(parts(expiring, counts, at_once, most))

    assert sorted(one for products, _ in swept for one in products) == sorted(counts)
    assert sorted(row for _, rows in swept for row in rows) == sorted(rows_of(**counts))


@given(counts=row_counts, at_once=at_once, most=most, data=st.data())
def test_no_part_is_larger_than_it_may_be(
    counts: dict[str, int], at_once: int, most: int, data: st.DataObject
) -> None:
    expiring = data.draw(st.permutations(sorted(counts)))

    for products, rows in parts(expiring, counts, at_once, most):
        assert len(products) <= at_once
        assert len(rows) <= most


@given(counts=row_counts, at_once=at_once, most=most, data=st.data())
def test_a_product_goes_with_its_last_row_and_loses_none_before_unless_it_has_too_many(
    counts: dict[str, int], at_once: int, most: int, data: st.DataObject
) -> None:
    expiring = data.draw(st.permutations(sorted(counts)))
    left = Counter(counts)

    for products, rows in parts(expiring, counts, at_once, most):
        losers = Counter(row.product_id for row in rows)
        left -= losers
        assert [left[one] for one in products] == [0] * len(products)
        for loser in losers.keys() - set(products):
            assert counts[loser] > most
            assert left[loser] > 0


def test_nothing_that_has_expired_is_nothing_to_delete() -> None:
    assert first_part([], [], 3) == ([], [])


def test_products_without_rows_go_together() -> None:
    assert first_part(["b", "a"], [], 3) == (["b", "a"], [])


def test_as_many_rows_as_fit_go_with_all_the_products() -> None:
    rows = rows_of(a=1, b=2)

    assert first_part(["b", "a", "c"], rows, 3) == (["b", "a", "c"], rows)


def test_one_row_more_leaves_its_product_and_those_behind_for_the_next_part() -> None:
    rows = rows_of(a=1, b=3)

    assert first_part(["c", "b", "a"], rows, 3) == (["a"], rows_of(a=1))


def test_a_product_whose_rows_just_fill_the_part_goes_with_them() -> None:
    rows = rows_of(a=3, b=1)

    assert first_part(["a", "b"], rows, 3) == (["a"], rows_of(a=3))


def test_a_product_without_rows_goes_before_one_with_too_many() -> None:
    rows = rows_of(b=4)

    assert first_part(["a", "b"], rows, 3) == (["a"], [])


def test_a_product_that_alone_has_too_many_rows_loses_the_first_of_them_and_stays() -> None:
    rows = rows_of(a=4)

    assert first_part(["b", "a"], rows, 3) == ([], rows[:3])
