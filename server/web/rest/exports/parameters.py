"""The filters of an export: parameters of the URL, which mean what GraphQL's filters mean."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from starlette.requests import Request

from server.domain.errors import quoted
from server.domain.field_check import composed
from server.domain.product import canonical_id
from server.domain.whole_number import MAX_INT
from server.web.body import repeated_parameters
from server.web.refusal import bad_input

FORMAT = "format"  # the parameter that every export has
_MOST_IDS = 1000
_LONGEST_TEXT = 1000  # characters: more than any name or category has
_LONGEST_NUMBER = 20  # digits
_FLAGS = {"true": True, "false": False}

ValueT = TypeVar("ValueT")
EnumT = TypeVar("EnumT", bound=Enum)


class Parameters:
    """The parameters of a request, read one after another; `check` then refuses what is wrong."""

    def __init__(self, request: Request, known: Collection[str]) -> None:
        """Note every parameter that is not `known` or stands twice."""
        self._sent: Mapping[str, str] = request.query_params
        self._faults = repeated_parameters(request)
        self._faults += [
            f"There is no parameter {quoted(name)}: there may be {', '.join(known)}."
            for name in self._sent
            if name not in known
        ]

    def check(self) -> None:
        """Refuse the request if anything is wrong with its parameters.

        Raises:
            Refused: it names all that is wrong.
        """
        if self._faults:
            raise bad_input(self._faults)

    def text(self, name: str) -> str | None:
        """Return a text in the form in which names are stored."""
        return self._read(name, composed, _is_short, f"at most {_LONGEST_TEXT} characters")

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        return self._read(name, _FLAGS.__getitem__, _FLAGS.__contains__, "true or false")

    def number(self, name: str, *, least: int = -MAX_INT, most: int = MAX_INT) -> int | None:
        """Return a whole number from `least` to `most`."""
        must = f"a whole number from {least} to {most}"
        return self._read(
            name, int, lambda text: _is_whole(text) and least <= int(text) <= most, must
        )

    def id(self, name: str) -> str | None:
        """Return an id in its canonical spelling."""
        return self._read(name, str.lower, _is_id, "an id of 24 hexadecimal characters")

    def ids(self, name: str) -> list[str] | None:
        """Return ids, which are separated by commas."""
        must = f"1 to {_MOST_IDS} ids of 24 hexadecimal characters, separated by commas"
        return self._read(name, lambda text: text.lower().split(","), _are_ids, must)

    def moment(self, name: str) -> datetime | None:
        """Return a moment; it is in UTC if it has no offset."""
        return self._read(name, _moment, _is_moment, "a time such as 2026-01-31T12:00:00Z")

    def one_of(self, name: str, values: Mapping[str, ValueT]) -> ValueT | None:
        """Return the value of one of the names in `values`."""
        must = f"one of {', '.join(values)}"
        return self._read(name, values.__getitem__, values.__contains__, must)

    def _read(
        self, name: str, read: Callable[[str], ValueT], fits: Callable[[str], bool], must: str
    ) -> ValueT | None:
        """Return the value of a parameter; None if it was left out, is empty or is wrong."""
        text = self._sent.get(name)
        if not text:
            return None
        if fits(text):
            return read(text)
        self._faults.append(f"The parameter {name} is {quoted(text)}: it must be {must}.")
        return None


def _is_short(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER


def _is_id(text: str) -> bool:
    return canonical_id(text) is not None


def _are_ids(text: str) -> bool:
    ids = text.split(",")
    return len(ids) <= _MOST_IDS and all(map(_is_id, ids))


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_moment(text: str) -> bool:
    try:
        _moment(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True
