"""One request, run by the stock executor, by a new plan and by a plan that is known already."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from schema import schema
from schema.compiled import plan as plans
from schema.compiled.plan import Plan
from tests.support.compiled.operations import Operation
from tests.support.compiled.scripted import Scripted


@dataclass
class Taken:
    """How often a plan made the whole answer, had it completed, or left the request alone."""

    counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def counted(self) -> Iterator[None]:
        run, completed = Plan.run, plans.completed

        async def counted_run(plan: Plan, *asked: Any) -> Any:
            before = self.counts["completed by graphql-core"]
            answer = await run(plan, *asked)
            if answer is None:
                self.counts["left to graphql-core"] += 1
            elif self.counts["completed by graphql-core"] == before:
                self.counts["planned"] += 1
            return answer

        async def counted_completed(*asked: Any) -> Any:
            self.counts["completed by graphql-core"] += 1
            return await completed(*asked)

        with (
            patch.object(Plan, "run", counted_run),
            patch.object(plans, "completed", counted_completed),
        ):
            yield


async def answers(operation: Operation, script: dict[str, Any], headers: list[str]) -> list[Any]:
    """Return what the caller gets and what the services were asked, each way.

    A text with conditions has selected other fields before.
    """
    schema.operations.forget()
    schema.operations.is_on = False
    try:
        stock = await _answer(operation, Scripted(**script), headers)
    finally:
        schema.operations.is_on = True
    if operation.turned != operation:
        await _answer(operation.turned, Scripted(**script), headers)
    return [stock] + [await _answer(operation, Scripted(**script), headers) for _ in range(2)]


async def _answer(operation: Operation, scripted: Scripted, headers: list[str]) -> dict[str, Any]:
    # Turns never end: a list that has to wait reports its errors after those of its neighbours, and
    # on a busy machine any list may have to.
    with (
        patch("schema.errors.uuid4", lambda: _SOME_ID),
        patch("schema.pace._TURN_SECONDS", math.inf),
    ):
        result = await schema.execute(
            operation.text,
            variable_values=dict(operation.variables),
            context_value=scripted.context(headers),
            operation_name=operation.name,
        )
    return {
        "data": json.dumps(result.data),  # in JSON, which keeps the order of the fields
        "errors": [error.formatted for error in result.errors or ()],
        "is answered with errors": result.errors is not None,
        "extensions": result.extensions,
        "class": type(result),
        "calls": scripted.calls,
    }


class _SomeId:
    hex = "0" * 32


_SOME_ID = _SomeId()
