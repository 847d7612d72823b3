"""Executors that Strawberry builds, as for a subscription, suggest nothing in production."""

from types import SimpleNamespace

import pytest
from graphql import parse

from schema import schema
from schema.long_lists import SlicingExecutor

TEXT = "query($o:ProductOrder){products(orderBy:$o){totalCount}}"


@pytest.mark.parametrize("is_production", [False, True])
def test_a_faulty_variable_gets_a_suggestion_in_development_alone(is_production: bool) -> None:
    context = SimpleNamespace(services=SimpleNamespace(is_production=is_production))

    (fault,) = SlicingExecutor.build(
        schema._schema,
        parse(TEXT),
        None,
        context,
        {"o": "NAME_ASK"},  # type: ignore[arg-type]
    )

    assert ("Did you mean" in fault.message) is not is_production
