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
_ROUNDS = 3  # of few random texts, too few may happen to be of those that have a plan


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Leave out the log lines of thousands of planted faults."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_a_plan_answers_as_the_stock_executor() -> None:
    planned = requests = 0
    for _ in range(_ROUNDS):
        planned += _compared(texts=150, requests_each=2)["planned"]
        requests += 300
        if planned > 2 * requests / 4:
            break

    assert planned > 2 * requests / 4  # each is asked twice


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_plan_answers_ten_thousand_times_as_the_stock_executor() -> None:
    planned = _compared(texts=2_500, requests_each=4)["planned"]

    assert planned > 2 * 10_000 / 4  # each is asked twice


def _compared(*, texts: int, requests_each: int) -> Counter[str]:
    """Compare texts with several variables each, and return how often each way was taken."""
    taken = Taken()

    @settings(
        max_examples=texts,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.booleans())
    def agree(data: st.DataObject, is_good: bool) -> None:
        drawing = Drawing(schema._schema, data, is_good)
        operation = drawing.operation()
        for _ in range(requests_each):
            script: dict[str, Any] = {
                "outcomes": data.draw(outcomes(operation.field)),
                "is_replay": data.draw(st.booleans()),
                "limit": data.draw(st.sampled_from([*[10_000] * 9, _LIMIT])),
            }
            headers = data.draw(st.sampled_from([*[[]] * 8, ["a key"], ["a key", "another"]]))
            stock, new, known = runner.run(answers(operation, script, headers))
            assert new == stock
            assert known == stock
            operation = drawing.with_other_variables(operation)

    with asyncio.Runner() as runner, taken.counted():
        agree()
    return taken.counts
