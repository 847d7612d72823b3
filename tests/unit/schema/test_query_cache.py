"""Cache queries that come again, but not those that hold a whole batch."""

from typing import Any

import pytest
from strawberry.extensions import parser_cache, validation_cache

from schema import schema


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count how often a text is parsed and a document validated."""
    counts = {"parsed": 0, "validated": 0}

    def counting(module: Any, getter: str, name: str) -> None:
        cached = getattr(module, getter)(128)
        cached.cache_clear()

        def counted_call(*args: Any, **options: Any) -> Any:
            before = cached.cache_info().misses
            try:
                return cached(*args, **options)
            finally:
                counts[name] += cached.cache_info().misses - before

        monkeypatch.setattr(module, getter, lambda _size: counted_call)

    counting(parser_cache, "_get_parse_cache", "parsed")
    counting(validation_cache, "_get_validate_cache", "validated")
    return counts


async def test_a_query_that_comes_again_is_parsed_and_validated_once(
    counted: dict[str, int],
) -> None:
    for _ in range(3):
        assert (await schema.execute("{ __typename }")).data == {"__typename": "Query"}

    assert counted == {"parsed": 1, "validated": 1}


async def test_a_query_with_a_whole_batch_in_its_text_is_not_kept(counted: dict[str, int]) -> None:
    query = "{ __typename } #" + "x" * 10_000

    assert (await schema.execute(query)).data == {"__typename": "Query"}

    assert counted == {"parsed": 0, "validated": 0}


async def test_a_faulty_query_is_refused_every_time(counted: dict[str, int]) -> None:
    for _ in range(2):
        result = await schema.execute("{ nonsense }")

        assert result.errors is not None
        assert result.errors[0].extensions == {"code": "BAD_INPUT"}
