"""Read a long JSON text in pieces, so that other threads run in between.

msgspec lets no other thread run while it reads: measured, 1.4 s for one object with 2 400 000
names. Finding the end of a value takes it a fortieth of that, 1 ms for 1 MB, so a value is first
found and then read: a long list or object in pieces of some of its entries.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from server.domain.errors import BadInput, quoted

PIECE: Final = 256 * 1024  # bytes: at most some 10 ms
_MOST_LEVELS: Final = 16  # of values that are longer than a piece; each is looked through once
_TRIES: Final = 8  # ends of a piece that are tried
_COMMAS: Final = 64  # that are looked at for them
_INDENT: Final = 32  # white space between an entry and its comma that is looked through
_SLICE: Final = 1024**2  # bytes in which surrogates are looked for at once

_FIND_END = msgspec.json.Decoder(msgspec.Raw)
_END = re.compile(r"trailing characters \(byte (\d+)\)")
_FAULT = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)")
_SPACE = re.compile(rb"[ \t\n\r]*")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_CLOSERS = {ord("{"): ord("}"), ord("["): ord("]"), ord('"'): ord('"')}


def parse(text: bytes, read: Callable[[bytes], Any]) -> Any:
    """Return the value of a text in UTF-8. `read` returns the value of a short one.

    Raises:
        BadInput: it is not JSON, or nested too deeply; the message lacks its subject.
    """
    pieces = _Pieces(text, _checked(text), read)
    return pieces.value(pieces.skip(0), len(text), 0)


def _checked(text: bytes) -> bytes:
    """Return a text of the same structure in which msgspec finds its way.

    msgspec refuses half a surrogate pair, which JSON may have. It becomes a letter.
    """
    try:
        _FIND_END.decode(text)
    except RecursionError as error:
        raise BadInput("is nested too deeply") from error
    except msgspec.DecodeError as error:
        without = b"".join(_without_surrogates(text))
        if without == text:
            raise _fault(error) from error
        return _checked(without)
    return text


def _without_surrogates(text: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(text):
        end = text.find(b"\\", start + _SLICE)  # no escape begins before it and ends behind it
        end = len(text) if end < 0 else end
        yield _SURROGATE.sub(rb"\\u0041", text[start:end])
        start = end


def _fault(error: msgspec.DecodeError) -> BadInput:
    found = _FAULT.fullmatch(str(error))
    if found is None:
        return BadInput("is not JSON: it ends too early")
    place = int(found[2]) + (0 if _END.search(str(error)) else 1)
    return BadInput(f"is not JSON: {found[1]} at byte {place}")


class _Pieces:
    """The values in one text. `found` is the same text with another letter for surrogates."""

    def __init__(self, text: bytes, found: bytes, read: Callable[[bytes], Any]) -> None:
        self._text = text
        self._found = found
        self._view = memoryview(found)
        self._read = read

    def skip(self, start: int) -> int:
        """Return where the white space that begins at `start` ends."""
        match = _SPACE.match(self._found, start)
        return start if match is None else match.end()

    def value(self, start: int, end: int, level: int) -> Any:
        """Return the value between two places."""
        opening = self._found[start : start + 1]
        if end - start <= PIECE or opening not in (b"[", b"{"):
            return self._read(self._text[start:end])
        if level == _MOST_LEVELS:
            raise BadInput("is nested too deeply for its length")
        if opening == b"[":
            return self._list(start + 1, end, level + 1)
        return self._object(start + 1, end, level + 1)

    def _list(self, start: int, end: int, level: int) -> list[Any]:
        found: list[Any] = []
        for first, last, is_piece in self._parts(start, end, b"[]"):
            if is_piece:
                found += self._read(b"[" + self._text[first:last] + b"]")
            else:
                found.append(self.value(first, last, level))
        return found

    def _object(self, start: int, end: int, level: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for first, last, is_piece in self._parts(start, end, b"{}"):
            if is_piece:
                more = self._read(b"{" + self._text[first:last] + b"}")
            else:
                colon = self._end(first)
                value = self.skip(self.skip(colon) + 1)
                more = {self._read(self._text[first:colon]): self.value(value, last, level)}
            for name in more.keys() & found.keys():
                raise BadInput(f"has the name {quoted(name)} twice in one object: send it once")
            found |= more
        return found

    def _parts(self, start: int, end: int, brackets: bytes) -> Iterator[tuple[int, int, bool]]:
        """Yield the begin and the end of some entries at a time, and of each one that is long.

        The last is True for entries that are short enough to be read at once.
        """
        first, end = self.skip(start), self._found.rindex(brackets[1:], start, end)
        while end - first > PIECE:
            last = self._end_of_many(first, brackets)
            if last is None:
                last = self._entry_end(first, brackets)
                if last - first <= PIECE:
                    last = self._end_of_some(first, last, brackets)
            yield first, last, last - first <= PIECE
            comma = self.skip(last)
            first = self.skip(comma + 1) if comma < end else end
        if first < end:
            yield first, end, True

    def _end_of_many(self, first: int, brackets: bytes) -> int | None:
        """Return the end of as many entries as a piece may have; None if it is not found soon.

        It is a comma that has whole entries before it: then it stands between two of them.
        """
        closer = _CLOSERS.get(self._found[first]) if brackets == b"[]" else None
        comma, tries = first + PIECE, 0
        for _ in range(_COMMAS):
            comma = self._found.rfind(b",", first, comma)
            if comma < 0 or tries == _TRIES:
                return None
            if closer is None or self._closes(comma, closer):
                tries += 1
                if _is_whole(brackets[:1] + self._found[first:comma] + brackets[1:]):
                    return comma
        return None

    def _closes(self, comma: int, closer: int) -> bool:
        """Return whether `closer` stands before a comma; a few spaces may be in between."""
        return self._found[comma - _INDENT : comma].rstrip()[-1:] == bytes([closer])

    def _end_of_some(self, first: int, end: int, brackets: bytes) -> int:
        """Return where a piece ends: behind as many whole entries as its size allows."""
        while True:
            comma = self.skip(end)
            if self._found[comma] != ord(","):
                return end
            later = self._entry_end(self.skip(comma + 1), brackets)
            if later - first > PIECE:
                return end
            end = later

    def _entry_end(self, start: int, brackets: bytes) -> int:
        if brackets == b"[]":
            return self._end(start)
        return self._end(self.skip(self.skip(self._end(start)) + 1))

    def _end(self, start: int) -> int:
        """Return the end of the value that begins at `start`, perhaps with white space after it."""
        try:
            _FIND_END.decode(self._view[start:])
        except msgspec.DecodeError as error:
            found = _END.search(str(error))
            if found is None:
                raise AssertionError("the text has been checked") from error
            return start + int(found[1]) - 1
        return len(self._found)


def _is_whole(text: bytes) -> bool:
    try:
        _FIND_END.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
