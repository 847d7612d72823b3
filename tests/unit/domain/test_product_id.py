"""Read product ids: one spelling for each, and messages that stay short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import quoted
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.product import (
    canonical_id,
    invalid_product_id,
    product_discontinued,
    product_not_found,
)

PATH = ("updates", "0", "productId")
KNOWN = "0123456789abcdef01234567"


@pytest.mark.parametrize("text", [KNOWN, KNOWN.upper(), "0123456789aBcDeF01234567"])
def test_upper_and_lower_case_spell_the_same_id(text: str) -> None:
    assert canonical_id(text) == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        KNOWN[:-1],
        KNOWN + "8",
        KNOWN[:-1] + "g",
        " " + KNOWN[1:],
        KNOWN + "\n",
        KNOWN[:-1] + "\n",
        KNOWN[:-1] + "\0",
        "0x" + KNOWN[2:],
        "-" + KNOWN[1:],
        KNOWN[:-1] + "７",  # full-width seven, a digit to Python's int()
        KNOWN[:-1] + "٣",  # Arabic-Indic three
        KNOWN[:-1] + "\ud800",
        '{"$ne": null}',
        "a" * 2**20,
    ],
)
def test_anything_but_24_hexadecimal_characters_is_no_id(text: str) -> None:
    assert canonical_id(text) is None


@given(st.text(alphabet=st.characters(), max_size=30))
def test_an_id_is_its_own_spelling_whatever_was_sent(text: str) -> None:
    key = canonical_id(text)

    assert key is None or (key == text.lower() and canonical_id(key) == key and len(key) == 24)


@given(st.binary(min_size=12, max_size=12))
def test_the_hexadecimal_form_of_any_twelve_bytes_is_an_id(raw: bytes) -> None:
    assert canonical_id(raw.hex()) == raw.hex()
    assert canonical_id(raw.hex().upper()) == raw.hex()


def test_a_bad_id_is_quoted() -> None:
    assert invalid_product_id("abc", PATH) == ItemError(
        code=ItemErrorCode.INVALID_PRODUCT_ID,
        message="“abc” is not a product id: an id is 24 hexadecimal characters.",
        path=PATH,
    )


def test_an_unknown_product_is_named() -> None:
    assert product_not_found(KNOWN, PATH) == ItemError(
        code=ItemErrorCode.PRODUCT_NOT_FOUND, message=f"There is no product {KNOWN}.", path=PATH
    )


def test_a_discontinued_product_is_named() -> None:
    assert product_discontinued(KNOWN, PATH) == ItemError(
        code=ItemErrorCode.PRODUCT_DISCONTINUED,
        message=f"The product {KNOWN} is discontinued and takes no updates.",
        path=PATH,
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "“”"),
        ("abc", "“abc”"),
        ("x" * 64, "“" + "x" * 64 + "”"),
        ("x" * 65, "“" + "x" * 64 + "…”"),
        ("a\nb", "'a\\nb'"),
        ("\ud800", "'\\ud800'"),
        ("\u202e", "'\\u202e'"),
    ],
)
def test_text_of_a_caller_is_shown_printable_and_cut(text: str, shown: str) -> None:
    assert quoted(text) == shown


@given(st.text(alphabet=st.characters(), max_size=2000))
def test_what_is_shown_is_short_and_can_be_sent(text: str) -> None:
    shown = quoted(text)

    assert shown.isprintable()
    assert shown.encode().decode() == shown
    assert len(shown) <= 10 * 65 + 2  # the longest escape has ten characters
