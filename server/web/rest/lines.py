"""Lines out of a stream of bytes, whatever pieces it comes in."""

from dataclasses import dataclass

from server.domain.errors import BadInput

LONGEST_LINE = 1024**2  # bytes; the longest item that makes sense has about one thousand
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1; `content` still has the CR of a CRLF, and no LF."""

    number: int
    content: bytes

    def text(self) -> str:
        """
        Raises:
            BadInput: it is not UTF-8.
        """
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            byte = self.content[error.start]
            raise BadInput(
                f"Line {self.number} is not UTF-8: byte {error.start + 1} of it is 0x{byte:02x}."
            ) from error


class Lines:
    """Gives back the lines that are whole, and holds no more than one that is not."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._begun_bytes = 0
        self._number = 1

    def feed(self, piece: bytes) -> list[Line]:
        """The lines that end in this piece.

        Raises:
            BadInput: a line is too long.
        """
        *ends, begun = piece.split(b"\n")
        lines = [self._ended(end) for end in ends]
        self._hold(begun)
        return lines

    def end(self) -> list[Line]:
        """The last line, if nothing ended it."""
        return [self._ended(b"")] if self._begun_bytes else []

    def _ended(self, end: bytes) -> Line:
        self._hold(end)
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
