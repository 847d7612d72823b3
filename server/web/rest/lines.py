"""Cut a stream of bytes into lines."""

from dataclasses import dataclass

from server.domain.errors import BadInput
from server.web.json_value import utf_8

LONGEST_LINE = 64 * 1024  # bytes; the longest item that makes sense has about one thousand
EMPTY_LINES = 10_000  # that may come before any other
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a body. `number` counts from 1; `content` has the CR of a CRLF, and no LF."""

    number: int
    content: bytes

    def text(self) -> str:
        """Return the line as text.

        Raises:
            BadInput: it is not UTF-8.
        """
        try:
            return utf_8(self.content)
        except BadInput as error:
            raise BadInput(f"Line {self.number} {error}.") from error


class Lines:
    """Return lines that are complete, and hold the begun one."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._begun_bytes = 0
        self._number = 1
        self._empty = 0

    def feed(self, piece: bytes) -> list[Line]:
        """Return the lines that end in this piece.

        Raises:
            BadInput: a line is too long.
        """
        *ends, begun = piece.split(b"\n")
        lines = [self._ended(end) for end in ends]
        self._hold(begun)
        return lines

    def end(self) -> list[Line]:
        """Return the last line, if no line break ended it."""
        return [self._ended(b"")] if self._begun_bytes else []

    def _ended(self, end: bytes) -> Line:
        """Return a line.

        Raises:
            BadInput: it is too long, or too many are empty.
        """
        self._hold(end)
        if not self._begun_bytes:
            self._empty += 1
            if self._empty > EMPTY_LINES + self._number // 2:
                raise BadInput(
                    f"Line {self._number} is empty, like most before it: at most half of the lines "
                    "may be empty."
                )
        line = Line(self._number, b"".join(self._begun))
        if line.number == 1:
            line = Line(1, line.content.removeprefix(_BYTE_ORDER_MARK))
        self._begun, self._begun_bytes = [], 0
        self._number += 1
        return line

    def _hold(self, part: bytes) -> None:
        self._begun_bytes += len(part)
        if self._begun_bytes > LONGEST_LINE:
            raise BadInput(f"Line {self._number} is longer than {LONGEST_LINE} bytes.")
        if part:
            self._begun.append(part)
