"""Cut the lines of a text into the rows of a table, whose quoted cells may have line breaks."""

import csv
from collections.abc import Sequence

from server.domain.errors import BadInput
from server.web.rest.files.dialect import Dialect
from server.web.rest.files.table import Row
from server.web.rest.files.text_lines import LONGEST_LINE


class Records:
    """Reads rows. One without content is left out, but has a number.

    A quote opens a cell where the cell begins, and nowhere else: 5" is five inches. So a line ends
    inside a quoted cell, or not, and Python's csv module reads the lines of one row together.
    """

    def __init__(self, dialect: Dialect, *, first_line: int = 1, first_row: int = 1) -> None:
        csv.field_size_limit(LONGEST_LINE)  # the limit of the whole process, by default too low
        self._dialect = dialect
        self._next_line = first_line
        self._next_row = first_row
        self._begun: list[str] = []
        self._begun_line = 0
        self._begun_characters = 0
        self._is_open = False

    def feed(self, lines: Sequence[str]) -> list[Row]:
        """Return the rows that end in these lines.

        Raises:
            BadInput: a row is too long, or has something behind a closing quote.
        """
        texts, numbers = self._joined(lines)
        first, self._next_row = self._next_row, self._next_row + len(numbers)
        cells: list[list[str]] = []
        try:
            cells += self._dialect.rows(texts)
        except csv.Error as error:
            raise BadInput(self._fault(numbers[len(cells)], error)) from error
        places = enumerate(numbers, first)
        return [
            Row(*place, found) for place, found in zip(places, cells, strict=True) if any(found)
        ]

    def end(self) -> None:
        """Check that no row is begun.

        Raises:
            BadInput: a quote is not closed.
        """
        if self._begun:
            raise BadInput(f"Line {self._begun_line} has a quote that is not closed.")

    def _joined(self, lines: Sequence[str]) -> tuple[list[str], list[int]]:
        """Return the text of each row that ends here, and the number of its first line."""
        texts, numbers, quote = [], [], self._dialect.quote
        for line in lines:
            if not self._begun and (not quote or quote not in line):
                texts.append(line)
                numbers.append(self._next_line)
            elif (text := self._row_that_ends_with(line)) is not None:
                texts.append(text)
                numbers.append(self._begun_line)
            self._next_line += 1
        return texts, numbers

    def _row_that_ends_with(self, line: str) -> str | None:
        self._is_open = self._is_open_after(line)
        if not self._begun:
            self._begun_line = self._next_line
        if not self._is_open and not self._begun:
            return line
        self._begun.append(line)
        self._begun_characters += len(line)
        if self._begun_characters > LONGEST_LINE:
            raise BadInput(
                f"Line {self._begun_line} begins a row that is longer than {LONGEST_LINE} "
                "characters: is a quote not closed?"
            )
        if self._is_open:
            return None
        text = "".join(self._begun)
        self._begun, self._begun_characters = [], 0
        return text

    def _is_open_after(self, line: str) -> bool:
        """Return whether the line ends inside a quoted cell."""
        quote, delimiter = self._dialect.quote, self._dialect.delimiter
        place, is_open = 0, self._is_open
        while True:
            if is_open:
                place = line.find(quote, place)
                if place < 0:
                    return True
                if line.startswith(quote, place + 1):
                    place += 2
                    continue
            else:
                while self._dialect.skips_spaces and line.startswith(" ", place):
                    place += 1
                if line.startswith(quote, place):
                    place, is_open = place + 1, True
                    continue
            place, is_open = line.find(delimiter, place) + 1, False
            if not place:
                return False

    def _fault(self, line: int, error: csv.Error) -> str:
        if "field larger" in str(error):
            return f"Line {line} has a cell that is longer than {LONGEST_LINE} characters."
        quote = self._dialect.quote
        return (
            f"Line {line} has a cell that begins with {quote} and goes on behind the next {quote}. "
            f"Double each {quote} within the cell, or say quote=none if {quote} never encloses a "
            "cell."
        )
