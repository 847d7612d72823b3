"""Random operations have the same answer by a plan as by the stock executor, to the letter."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schema import schema
from tests.support.compiled.both_ways import Taken, answers
from tests.support.compiled.operations import Drawing
from tests.support.compiled.outcomes import outcomes

_LIMIT = 3  # items: lists have up to 4


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Leave out the log lines of thousands of planted faults."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_a_plan_answers_as_the_stock_executor() -> None:
    examples = 300

    planned = _compared(examples)["planned"]

    assert planned > 2 * examples / 4  # each is asked twice


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_plan_answers_ten_thousand_times_as_the_stock_executor() -> None:
    examples = 10_000

    planned = _compared(examples)["planned"]

    assert planned > 2 * examples / 4  # each is asked twice


def _compared(examples: int) -> Counter[str]:
    """Compare that many examples, and return how often each way was taken."""
    taken = Taken()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.booleans())
    def agree(data: st.DataObject, is_good: bool) -> None:
        operation = Drawing(schema._schema, data, is_good).operation()
        script: dict[str, Any] = {
            "outcomes": data.draw(outcomes(operation.field)),
            "is_replay": data.draw(st.booleans()),
            "limit": data.draw(st.sampled_from([*[10_000] * 9, _LIMIT])),
        }
        headers = data.draw(st.sampled_from([*[[]] * 8, ["a key"], ["a key", "another"]]))
        stock, new, known = runner.run(answers(operation, script, headers))
        assert new == stock
        assert known == stock

    with asyncio.Runner() as runner, taken.counted():
        agree()
    return taken.counts
