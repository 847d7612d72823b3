"""A caller's text in a message."""

_SHOWN_CHARACTERS = 64  # enough to recognise it, never a megabyte


def shown(text: str) -> str:
    """`text` quoted: printable, and short however long it is."""
    cut = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return ascii(cut) if not cut.isprintable() else f"“{cut}”"
