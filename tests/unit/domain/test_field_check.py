"""Check a product's fields: what is stored, and what is said of a bad one."""

import math
from collections.abc import Callable
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.field_check import FieldCheck, composed
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.whole_number import MAX_INT

KNOWN = "0123456789abcdef01234567"
TEXTS = [("name", 200), ("category", 100)]
AMOUNTS = ["price", "stock"]
NULL = "is missing"
LEAVE_OUT = "is null: leave it out to keep what there is"
OUT_OF_RANGE = "is out of range: it may be from 0 to 2147483647"


def check(field: str, value: object) -> tuple[object, list[ItemError]]:
    """Return what is stored of the value, and what is wrong with it."""
    fields = FieldCheck("products", "3")
    method: Callable[[object], object] = getattr(fields, field)
    return method(value), fields.errors


def invalid(field: str, message: str) -> ItemError:
    return ItemError(
        code=ItemErrorCode.INVALID_FIELD, message=message, path=("products", "3", field)
    )


@pytest.mark.parametrize(("field", "longest"), TEXTS)
def test_a_text_of_one_character_up_to_the_longest_is_taken(field: str, longest: int) -> None:
    for length in (1, 2, longest - 1, longest):
        assert check(field, "x" * length) == ("x" * length, [])


@pytest.mark.parametrize(("field", "longest"), TEXTS)
def test_a_longer_text_is_counted_and_not_repeated(field: str, longest: int) -> None:
    for length in (longest + 1, 2**20):
        _, errors = check(field, "x" * length)
        told = f"The {field} has {length} characters: it must have 1 to {longest}."
        assert errors == [invalid(field, told)]


@pytest.mark.parametrize(("field", "longest"), TEXTS)
def test_a_text_is_trimmed_before_it_is_measured(field: str, longest: int) -> None:
    assert check(field, " \t\r\n\u00a0\u2003a \t b\u3000\n ") == ("a \t b", [])
    assert check(field, " " * 9 + "x" * longest + " " * 9) == ("x" * longest, [])


@pytest.mark.parametrize(("field", "longest"), TEXTS)
def test_a_text_of_blanks_is_refused_however_many_they_are(field: str, longest: int) -> None:
    told = f"The {field} is blank: it must have 1 to {longest} characters."
    for blank in ("", " ", "\t\r\n", "\u00a0\u2003\u3000", " " * 2**20):
        assert check(field, blank) == ("", [invalid(field, told)])


@pytest.mark.parametrize(("field", "longest"), TEXTS)
def test_a_character_beyond_the_basic_plane_counts_as_one(field: str, longest: int) -> None:
    assert check(field, "😀" * longest) == ("😀" * longest, [])


@pytest.mark.parametrize("field", ["name", "category"])
@pytest.mark.parametrize("half", [chr(0xD800), chr(0xDBFF), chr(0xDC00), chr(0xDFFF)])
def test_half_a_surrogate_pair_is_refused(field: str, half: str) -> None:
    told = f"The {field} is not valid Unicode: it has half a surrogate pair."
    for text in (half, f"a{half}", f"{half}b", f"a{half}b"):
        _, errors = check(field, text)
        assert errors == [invalid(field, told)]


@pytest.mark.parametrize("field", ["name", "category", "price", "stock"])
def test_a_null_is_a_bad_value(field: str) -> None:
    _, errors = check(field, None)

    assert errors == [invalid(field, f"The {field} {NULL}.")]


@pytest.mark.parametrize("field", AMOUNTS)
@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (0, 0),
        (0.0, 0),
        (-0.0, 0),
        (1, 1),
        (199.0, 199),
        (MAX_INT, MAX_INT),
        (2147483647.0, MAX_INT),
    ],
)
def test_a_whole_number_from_zero_up_is_stored_as_an_int(
    field: str, sent: float, meant: int
) -> None:
    stored, errors = check(field, sent)

    assert (stored, type(stored), errors) == (meant, int, [])


@pytest.mark.parametrize("field", AMOUNTS)
@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (-1, f"-1 {OUT_OF_RANGE}"),
        (-1.0, f"-1.0 {OUT_OF_RANGE}"),
        (2**31, f"2147483648 {OUT_OF_RANGE}"),
        (1e300, f"1e+300 {OUT_OF_RANGE}"),
        (10**400, f"that was sent {OUT_OF_RANGE}"),
        (0.5, "0.5 is not a whole number"),
        (-1e-300, "-1e-300 is not a whole number"),
        (math.nan, "NaN is not a finite number"),
        (math.inf, "Infinity is not a finite number"),
        (-math.inf, "-Infinity is not a finite number"),
    ],
)
def test_any_other_number_is_refused_with_its_reason(field: str, sent: float, fault: str) -> None:
    _, errors = check(field, sent)

    in_cents = ""
    if field == "price" and sent % 1 != 0:
        meant = ": did you mean 50?" if sent == 0.5 else "."
        in_cents = f" It is in whole cents{meant}"
    told = f"The {field} {fault}.{in_cents}"
    assert errors == [invalid(field, told)]


def test_a_field_that_keeps_what_there_is_must_not_be_null() -> None:
    fields = FieldCheck("updates", 0, keeps_others=True)
    fields.price(None)

    assert [error.message for error in fields.errors] == [f"The price {LEAVE_OUT}."]


def test_an_id_is_stored_in_its_one_spelling() -> None:
    fields = FieldCheck("updates", "0")

    assert fields.product_id("productId", KNOWN.upper()) == KNOWN
    assert fields.errors == []


def test_a_malformed_id_has_the_place_of_its_field() -> None:
    fields = FieldCheck("products", "3")

    assert fields.product_id("id", "abc") == ""
    assert fields.errors == [
        ItemError(
            code=ItemErrorCode.INVALID_PRODUCT_ID,
            message="“abc” is not a product id: an id is 24 hexadecimal characters.",
            path=("products", "3", "id"),
        )
    ]


def test_all_that_is_wrong_is_collected_in_the_order_of_the_checks() -> None:
    fields = FieldCheck("updates", "7", "data")

    fields.name(" ")
    fields.price(100)
    fields.stock(-1)
    fields.category(None)
    fields.invalid("colour", "There is none.")

    assert [(one.code, one.path, one.retryable) for one in fields.errors] == [
        (ItemErrorCode.INVALID_FIELD, ("updates", "7", "data", name), False)
        for name in ("name", "stock", "category", "colour")
    ]


@pytest.mark.parametrize(("field", "longest"), TEXTS)
@given(st.text(alphabet=st.characters(), max_size=250))
def test_what_is_taken_can_be_stored_and_what_is_not_is_told_shortly(
    field: str, longest: int, text: str
) -> None:
    stored, errors = check(field, text)

    if errors:
        assert [len(one.message) < 120 for one in errors] == [True]
    else:
        assert stored == normalize("NFC", text.strip())
        assert 1 <= len(stored) <= longest
        assert text.encode().decode() == text


@pytest.mark.parametrize("field", AMOUNTS)
@given(st.one_of(st.integers(), st.floats(), st.integers(10**300, 10**310)))
def test_an_amount_is_stored_exactly_or_refused_shortly(field: str, value: float) -> None:
    stored, errors = check(field, value)

    assert (stored == value and 0 <= value <= MAX_INT) != bool(errors)
    assert all(len(one.message) < 120 for one in errors)


@pytest.mark.parametrize("text", ["a" + "\u0315\u0301" * 500_000, "é" * 1_001])
def test_what_no_field_takes_is_not_composed(text: str) -> None:
    """Marks in a row are sorted in a time that grows with the square: a million took minutes."""
    assert composed(text) == text


def test_thirty_marks_in_a_row_are_composed() -> None:
    text = "e" + "\u0301" * 30

    assert composed(text) == "é" + "\u0301" * 29
