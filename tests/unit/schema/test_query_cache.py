"""Keep the documents of texts that come again, but not of those that hold a whole batch."""

import asyncio
import threading
from typing import Any

import pytest
from graphql import DocumentNode

from schema import schema
from schema.limits import text as query_text
from schema.limits.text import MOST_CHARACTERS, FaultyText, Texts

LONG = "{ __typename } #" + "x" * 10_000


@pytest.fixture
def texts() -> Texts:
    return Texts(schema._schema)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the thread in which each text is parsed."""
    threads: list[str] = []
    parse = query_text.parse

    def noted(text: str, **options: Any) -> DocumentNode:
        threads.append(threading.current_thread().name)
        return parse(text, **options)

    monkeypatch.setattr(query_text, "parse", noted)
    return threads


async def test_a_text_that_comes_again_is_read_once(texts: Texts, read: list[str]) -> None:
    for _ in range(3):
        await texts.read("{ __typename }")

    assert read == ["MainThread"]


async def test_the_text_that_was_not_used_for_longest_is_forgotten(
    texts: Texts, read: list[str]
) -> None:
    for number in range(128):
        await texts.read(f"query Q{number} {{ __typename }}")
    await texts.read("query Q0 { __typename }")
    await texts.read("query Q128 { __typename }")
    assert len(read) == 129

    await texts.read("query Q0 { __typename }")
    assert len(read) == 129
    await texts.read("query Q1 { __typename }")
    assert len(read) == 130


async def test_a_text_with_a_whole_batch_is_not_kept_and_read_beside_the_loop(
    texts: Texts, read: list[str]
) -> None:
    await asyncio.gather(texts.read(LONG), texts.read(LONG))

    assert [name.rpartition("_")[0] for name in read] == ["reading"] * 2


async def test_a_text_of_medium_length_is_read_beside_the_loop_and_kept(
    texts: Texts, read: list[str]
) -> None:
    text = "{ __typename } #" + "x" * 5_000

    for _ in range(2):
        await texts.read(text)

    assert [name.rpartition("_")[0] for name in read] == ["reading"]


async def test_a_faulty_text_is_not_kept(texts: Texts, read: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(FaultyText):
            await texts.read("{ nonsense }")

    assert len(read) == 2


async def test_a_text_that_is_too_long_is_not_read_at_all(texts: Texts, read: list[str]) -> None:
    with pytest.raises(FaultyText) as caught:
        await texts.read("#" * (MOST_CHARACTERS + 1))

    assert read == []
    (error,) = caught.value.errors
    assert error.message == (
        "The text of the query has 500001 characters: at most 500000 are allowed. Send items in "
        "variables, which do not count."
    )


@pytest.mark.parametrize(
    "text",
    ["{ " + "nonsense " * 150 + "}", "{ " + " ".join(f"product{n}" for n in range(1_900)) + " }"],
    ids=["the same", "others"],
)
async def test_only_the_first_few_faults_are_looked_for(texts: Texts, text: str) -> None:
    with pytest.raises(FaultyText) as caught:
        await texts.read(text)

    assert len(caught.value.errors) == 6  # and that there are more


async def test_what_graphql_core_quotes_is_cut() -> None:
    result = await schema.execute("{ " + "x" * 100_000 + " }")

    assert result.errors is not None
    assert [len(error.message) for error in result.errors] == [500]
    assert result.errors[0].message.startswith("Cannot query field 'xxx")
    assert result.errors[0].message.endswith("xxx' on type 'Query'.")
