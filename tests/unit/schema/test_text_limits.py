"""Refuse a query whose text is too large, before any work is done for it."""

import pytest
from graphql import Source, SourceLocation

from schema import schema
from schema.limits.text import MOST_CHARACTERS


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ " + " ".join(f"a{n}: __typename" for n in range(16)) + " }", "16 aliases"),
        ("{ " + "__typename " * 15_000 + "}", "more than 15000 tokens"),
        ("{ __typename } #" + "x" * 500_000, "500016 characters"),
        ("\n" * 20_000 + "{ __typename }", "20001 lines"),
        ("\r\n" * 20_000 + "{ __typename }", "20001 lines"),
        ("{ a " * 5_000, "nest"),
    ],
    ids=["aliases", "tokens", "characters", "lines", "lines of Windows", "depth"],
)
async def test_a_text_that_is_too_large_is_refused(query: str, words: str) -> None:
    result = await schema.execute(query)

    assert result.data is None
    assert result.errors is not None
    assert words in result.errors[0].message
    assert result.errors[0].extensions == {"code": "BAD_INPUT"}


async def test_20_000_lines_are_not_too_many() -> None:
    result = await schema.execute("\r\n" * 19_999 + "{ __typename }")

    assert result.data == {"__typename": "Query"}


async def test_the_places_of_an_error_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting the lines of a long text takes milliseconds."""
    counted: list[int] = []
    count = Source.get_location

    def noted(source: Source, position: int) -> SourceLocation:
        counted.append(position)
        return count(source, position)

    monkeypatch.setattr(Source, "get_location", noted)

    result = await schema.execute("{\n nonsense }")

    assert counted == [3]
    assert result.errors is not None
    assert result.errors[0].locations == [SourceLocation(2, 2)]


async def test_15_aliases_are_not_too_many() -> None:
    query = "{ " + " ".join(f"a{n}: __typename" for n in range(15)) + " }"

    result = await schema.execute(query)

    assert result.data == {f"a{n}": "Query" for n in range(15)}


class _Unhashable(str):
    """A text that nobody may look up: hashing 30 MB takes 20 ms."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise AssertionError


async def test_a_text_that_is_too_long_is_not_looked_up() -> None:
    text = _Unhashable("#" * (MOST_CHARACTERS + 1))

    result = await schema.execute(text)

    assert result.errors is not None
    assert f"has {MOST_CHARACTERS + 1} characters" in result.errors[0].message


@pytest.mark.parametrize("place", ["products(first: {})", "stockUpdates(first: -{})"])
async def test_a_number_has_a_thousand_digits_at_most(place: str) -> None:
    """Python reads no more than 4 300, and says so with an error of its own."""
    long, longest = (place.format("1" * digits) for digits in (5_000, 1_000))

    (error,) = (await schema.execute(f"{{ {long} {{ totalCount }} }}")).errors or []
    assert error.message == "The text of the query has a number of more than 1000 digits."
    (error,) = (await schema.execute(f"{{ {longest} {{ totalCount }} }}")).errors or []
    assert "32-bit" in error.message
