"""The rules of the fields that items of several kinds have."""

import re
from unicodedata import category, combining, normalize

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.product import canonical_id, invalid_product_id
from server.domain.whole_number import MAX_INT, not_in_cents, not_whole, whole_number

LONGEST_NAME = 200  # characters, after trimming
LONGEST_CATEGORY = 100
_LEAVE_OUT = "is null: leave it out to keep what there is"
_LONGEST_COMPOSED = 1_000
_LONGEST_RUN = 30
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that show nothing
_SURROGATE = re.compile("[\ud800-\udfff]")
# All control characters except tabs and line breaks. Then those that change the text direction.
_CONTROLS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"
_DIRECTIONS = "\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
_FORBIDDEN = re.compile(f"[{_CONTROLS}{_DIRECTIONS}]")


class FieldCheck:
    """Checks the fields of the item at `path`, and collects the faults in `errors`.

    Each check returns the value as it will be stored, or an empty one if it adds an error: an item
    with errors goes no further. Null is invalid, unless a check says else: a value is missing then,
    or with `keeps_others` the field should have been left out.
    """

    __slots__ = ("_null", "_path", "errors")

    def __init__(self, *path: str | int, keeps_others: bool = False) -> None:
        self._path = path
        self._null = _LEAVE_OUT if keeps_others else "is missing"
        self.errors: list[ItemError] = []

    def product_id(self, field: str, value: str) -> str:
        """Return the id in lower case."""
        key = canonical_id(value)
        if key is None:
            self.errors.append(invalid_product_id(value, self._place(field)))
        return key or ""

    def name(self, value: object) -> str:
        """Return the name, trimmed."""
        return self._text("name", value, LONGEST_NAME)

    def category(self, value: object) -> str:
        """Return the category, trimmed."""
        return self._text("category", value, LONGEST_CATEGORY)

    def price(self, value: object) -> int:
        """Return the price in whole cents."""
        price = whole_number(value, least=0, most=MAX_INT)
        if price is None:
            self.invalid("price", f"The price {self._price_fault(value)}")
        return price or 0

    def stock(self, value: object) -> int:
        """Return the stock, 0 or more."""
        stock = whole_number(value, least=0, most=MAX_INT)
        if stock is None:
            fault = self._null if value is None else not_whole(value, least=0, most=MAX_INT)
            self.invalid("stock", f"The stock {fault}.")
        return stock or 0

    def expected_stock(self, value: object) -> int | None:
        """Return the expected stock; None for null. A negative one is valid, but never matches."""
        if value is None:
            return None
        expected = whole_number(value, least=-MAX_INT - 1, most=MAX_INT)
        if expected is None:
            fault = not_whole(value, least=-MAX_INT - 1, most=MAX_INT)
            self.invalid("expectedStock", f"The expectedStock {fault}.")
        return expected

    def flag(self, field: str, value: object, *, default: bool) -> bool:
        """Return the flag; `default` for null."""
        if value is not None and not isinstance(value, bool):
            self.invalid(field, f"The {field} is not true or false.")
        return value if isinstance(value, bool) else default

    def invalid(self, field: str, message: str) -> None:
        """Add an error for the field. `message` must not repeat a text of unlimited length."""
        self.errors.append(
            ItemError(code=ItemErrorCode.INVALID_FIELD, message=message, path=self._place(field))
        )

    def _place(self, field: str) -> tuple[str, ...]:
        return (*map(str, self._path), field)

    def _price_fault(self, value: object) -> str:
        if value is None:
            return f"{self._null}."
        is_whole = isinstance(value, int) or (isinstance(value, float) and value % 1 == 0)
        is_amount = isinstance(value, str | float) and not is_whole
        return not_in_cents(value) if is_amount else f"{not_whole(value, least=0, most=MAX_INT)}."

    def _text(self, field: str, value: object, longest: int) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if 0 < len(text) <= longest and text.isascii() and text.isprintable():
            return text  # nearly always
        text = composed(text)
        fault = self._null if value is None else _no_text(value) or _text_fault(text, longest)
        if fault:
            self.invalid(field, f"The {field} {fault}.")
        return text


def _no_text(value: object) -> str:
    return "" if isinstance(value, str) else "is not a text"


def _text_fault(text: str, longest: int) -> str:
    """Return what is wrong with the trimmed text; "" if nothing is."""
    if not text:
        return f"is blank: it must have 1 to {longest} characters"
    if len(text) > longest:
        return f"has {len(text)} characters: it must have 1 to {longest}"
    if _SURROGATE.search(text):
        return "is not valid Unicode: it has half a surrogate pair"
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        return f"has the character U+{ord(forbidden[0]):04X}, which controls how text is shown"
    if not any(category(character)[0] in "LNPS" and character not in _BLANK for character in text):
        return "has no visible character"
    too_many = f"has more than {_LONGEST_RUN} combining marks in a row"
    return too_many if _has_long_run(text) else ""


def composed(text: str) -> str:
    """Return the text in Unicode's form NFC, in which an accented letter is one character.

    One that no field takes stays as it is: it is too long, or has too many marks in a row, which
    `normalize` sorts in a time that grows with their square.
    """
    if text.isascii() or len(text) > _LONGEST_COMPOSED or _has_long_run(text):
        return text
    return normalize("NFC", text)


def _has_long_run(text: str) -> bool:
    """Return whether more marks stand in a row than text has.

    Source: the Stream-Safe Text Format of Unicode, UAX #15.
    """
    run = 0
    for character in text:
        run = run + 1 if combining(character) else 0
        if run > _LONGEST_RUN:
            return True
    return False
