"""Implement the rules of ids and whole numbers a second time."""

MAX = 2**31 - 1
HEX = set("0123456789abcdef")


def is_id(text: str) -> bool:
    """Return whether `text` is a well-formed product id."""
    return len(text) == 24 and set(text.lower()) <= HEX
