"""The encoding of a text: UTF-8, UTF-16 or Windows-1252, decided once for the whole file.

The rules are exact, since a guess would change names: measured, charset-normalizer takes a short
text in Windows-1252 for Big5 or Windows-1250 (docs/decisions/0017-files.md).
"""

import codecs

ENCODINGS = (
    "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252", "iso-8859-1", "iso-8859-15",
)  # fmt: skip
_CODECS = {
    "utf-8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
}
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16le",
    codecs.BOM_UTF16_BE: "utf-16be",
}
_SHOWN = {
    "utf-8": "UTF-8",
    "utf-16le": "UTF-16",
    "utf-16be": "UTF-16",
    "windows-1252": "Windows-1252",
}


def encoding_of(name: str) -> str | None:
    """Return the encoding of that name, in the spelling of this module; None if it is not known."""
    try:
        codec = codecs.lookup(name.strip().strip('"')).name
    except (LookupError, ValueError):
        return None
    if codec == "ascii":
        return "utf-8"
    by_codec = {codecs.lookup(one).name: one for one in ENCODINGS}
    return by_codec.get(codec)


def codec_of(encoding: str) -> str:
    """Return Python's name of an encoding."""
    return _CODECS[encoding]


def byte_order_mark(encoding: str) -> bytes:
    """Return the byte order mark of an encoding; nothing if it has none."""
    return next((mark for mark, of in _MARKS.items() if of == encoding), b"")


class BrokenText(Exception):
    """A byte contradicts the encoding; `before` is the text of the piece up to it."""

    def __init__(self, before: str, fault: str) -> None:
        super().__init__(fault)
        self.before, self.fault = before, fault


class Decoder:
    """Decodes a text that begins with `beginning`, in the encoding that was said or detected.

    A text that looks like UTF-8 may be Windows-1252 that has had only ASCII so far: then both agree
    on what was decoded, and the rest is read as Windows-1252. A text that has had other characters
    in UTF-8 stays UTF-8, and a byte that contradicts it is refused.
    """

    def __init__(self, beginning: bytes, said: str | None = None) -> None:
        mark = next((one for one in _MARKS if beginning.startswith(one)), b"")
        marked = _MARKS.get(mark)
        if said == "utf-16":
            said = (
                marked
                if marked in ("utf-16le", "utf-16be")
                else _without_mark(beginning, "utf-16le")
            )
        self.has_mark = bool(mark) and said in (None, marked)
        self.encoding = said or marked or _without_mark(beginning, "utf-8")
        self._is_said = said is not None or self.has_mark
        self._skipped = len(mark) if self.has_mark else 0
        self._only_ascii = True
        self._decoder = codecs.getincrementaldecoder(_CODECS[self.encoding])()

    def decode(self, piece: bytes, *, final: bool = False) -> str:
        """Return the text of the next piece.

        Raises:
            BrokenText: a byte contradicts the encoding.
        """
        piece, self._skipped = piece[self._skipped :], max(0, self._skipped - len(piece))
        held = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            return self._contradicted(held + piece, error, final=final)
        self._only_ascii = self._only_ascii and text.isascii()
        return text

    def _contradicted(self, content: bytes, error: UnicodeDecodeError, *, final: bool) -> str:
        before = content[: error.start]
        may_change = self.encoding == "utf-8" and not self._is_said
        if may_change and self._only_ascii and before.isascii():
            self.encoding, self._only_ascii, self._is_said = "windows-1252", False, True
            self._decoder = codecs.getincrementaldecoder(_CODECS[self.encoding])()
            return self.decode(content, final=final)
        text = before.decode(_CODECS[self.encoding], "replace")
        raise BrokenText(text, self._fault(content[error.start], may_change=may_change)) from error

    def _fault(self, byte: int, *, may_change: bool) -> str:
        shown = _SHOWN.get(self.encoding, self.encoding)
        if may_change:
            return (
                f"is not UTF-8, as the text before it is: it has the byte 0x{byte:02x}. Save the "
                "file in one encoding, or say which with encoding=windows-1252"
            )
        return (
            f"is not {shown}: it has the byte 0x{byte:02x}. Save the file as UTF-8, or say which "
            "encoding it has with encoding="
        )


def _without_mark(beginning: bytes, otherwise: str) -> str:
    """Return UTF-16 if the first character, which is ASCII in every header, takes two bytes."""
    first = beginning[:2]
    if len(first) == 2 and bool(first[0]) != bool(first[1]):
        return "utf-16le" if first[0] else "utf-16be"
    return otherwise
