"""Cut a text into lines that end in CRLF, LF or CR."""

import re

from server.domain.errors import BadInput

LONGEST_LINE = 64 * 1024  # characters; the longest item that makes sense has about one thousand
_END = re.compile(r"(\r\n|\n|\r)")


class TextLines:
    """Returns the lines that are complete, with their ends, and holds the begun one.

    `number` is that of the next line. `line_end` is that of the first line; None if none has ended.
    """

    def __init__(self) -> None:
        self.number = 1
        self.line_end: str | None = None
        self._begun: list[str] = []
        self._begun_characters = 0

    def feed(self, text: str, *, final: bool = False) -> list[str]:
        """Return the lines that end in this piece, and with `final` the last one.

        Raises:
            BadInput: a line is too long.
        """
        if self._begun and "\n" not in text and "\r" not in text and not self._awaits_lf:
            self._hold(text)
            lines = []
        else:
            text = "".join([*self._begun, text])
            self._begun, self._begun_characters = [], 0
            lines = self._cut(text, final=final)
        if final and self._begun:
            lines.append("".join(self._begun))
            self._begun, self._begun_characters = [], 0
        if lines and self.line_end is None:
            self.line_end = lines[0][len(lines[0].rstrip("\r\n")) :] or None
        self.number += len(lines)
        return lines

    @property
    def _awaits_lf(self) -> bool:
        return self._begun[-1].endswith("\r")

    def _cut(self, text: str, *, final: bool) -> list[str]:
        *parts, rest = _END.split(text)  # texts and ends in turn
        lines = [line + end for line, end in zip(parts[::2], parts[1::2], strict=True)]
        if text.endswith("\r") and not final:  # an LF may follow
            rest = lines.pop()
        for place, line in enumerate(lines):
            if len(line) > LONGEST_LINE:
                self._require_short(len(line.rstrip("\r\n")), self.number + place)
        if rest:
            self._hold(rest, self.number + len(lines))
        return lines

    def _hold(self, part: str, number: int | None = None) -> None:
        self._begun_characters += len(part)
        self._begun.append(part)
        self._require_short(self._begun_characters - part.endswith("\r"), number or self.number)

    def _require_short(self, characters: int, number: int) -> None:
        if characters > LONGEST_LINE:
            raise BadInput(f"Line {number} is longer than {LONGEST_LINE} characters.")
