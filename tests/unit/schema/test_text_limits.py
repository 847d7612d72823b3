"""Refuse a query whose text is too large, before any work is done for it."""

import pytest

from schema import schema


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ " + " ".join(f"a{n}: __typename" for n in range(16)) + " }", "16 aliases"),
        ("{ " + "__typename " * 15_000 + "}", "more than 15000 tokens"),
        ("{ __typename } #" + "x" * 500_000, "500016 characters"),
        ("{ a " * 5_000, "nest"),
    ],
    ids=["aliases", "tokens", "characters", "depth"],
)
async def test_a_text_that_is_too_large_is_refused(query: str, words: str) -> None:
    result = await schema.execute(query)

    assert result.data is None
    assert result.errors is not None
    assert words in result.errors[0].message
    assert result.errors[0].extensions == {"code": "BAD_INPUT"}


async def test_15_aliases_are_not_too_many() -> None:
    query = "{ " + " ".join(f"a{n}: __typename" for n in range(15)) + " }"

    result = await schema.execute(query)

    assert result.data == {f"a{n}": "Query" for n in range(15)}
