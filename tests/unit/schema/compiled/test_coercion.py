"""Variables that no plan has read are read beside the event loop, and faults are worded briefly."""

import threading
from typing import Any
from unittest.mock import patch

import pytest
from graphql import ExecutionResult, parse
from graphql.execution.values import VariableValues

from schema import schema
from schema.compiled import coercion
from schema.compiled.coercion import LONGEST, MOST_ERRORS, MOST_NAMES, coerced
from schema.compiled.document import Document, stock_document
from tests.support.compiled.scripted import Scripted

UPDATE = "mutation ($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { success } }"
ITEM = {"productId": "0" * 24, "quantity": 1}


def document(text: str = UPDATE) -> Document:
    found = stock_document(schema._schema, parse(text), None)
    assert found is not None
    return found


async def read(value: Any) -> tuple[VariableValues | ExecutionResult, list[Any], set[str]]:
    """Read a variable; return also what graphql-core was given, and the threads that it ran in."""
    given: list[Any] = []
    threads: set[str] = set()
    reads = coercion.get_variable_values

    def noted(of: Any, definitions: Any, sent: Any, **options: Any) -> Any:
        given.append(sent["u"])
        threads.add(threading.current_thread().name)
        return reads(of, definitions, sent, **options)

    with patch.object(coercion, "get_variable_values", noted):
        found = await coerced(document(), {"u": value, "unknown": "x" * 10_000})
    return found, given, threads


@pytest.mark.parametrize(
    "value",
    [
        [ITEM] * 1_000,
        [{"n" * 1_000_000: 1}],
        [{"productId": "x" * 1_000_000}],
        [{f"n{number}": 1 for number in range(1_000)}],
    ],
    ids=["items", "a long name", "a long text", "names"],
)
async def test_much_is_read_in_a_thread(value: Any) -> None:
    _, _, threads = await read(value)

    assert all(name.startswith("reading_") for name in threads)


async def test_a_few_items_are_read_at_once() -> None:
    _, _, threads = await read([ITEM] * 20)

    assert threads == {threading.current_thread().name}


@pytest.mark.parametrize(
    "item",
    [
        {f"n{number}": 1 for number in range(90_000)},
        {"n" * 1_000_000: 1},
        ITEM | {"quantity": "x" * 1_000_000},
    ],
    ids=["many names", "a long name", "a long text"],
)
async def test_a_fault_is_worded_with_a_short_value(item: dict[str, Any]) -> None:
    found, given, _ = await read([item])

    assert isinstance(found, ExecutionResult)
    assert found.errors is not None
    assert len(found.errors) <= MOST_ERRORS + 1
    (((shown,),),) = [given]
    assert len(shown) <= MOST_NAMES + 1
    assert max(len(str(one)) for entry in shown.items() for one in entry) <= LONGEST


async def test_a_long_text_arrives_whole() -> None:
    item = ITEM | {"productId": "x" * (LONGEST + 1)}

    found, _, _ = await read([item])

    assert isinstance(found, VariableValues)
    assert found.coerced["u"][0]["productId"] == item["productId"]


async def test_a_value_that_is_nested_too_deeply_is_refused() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]

    found, _, _ = await read(value)

    assert isinstance(found, ExecutionResult)
    assert found.errors is not None
    assert [error.message for error in found.errors] == ["Variable values are nested too deeply."]


async def test_several_mutations_are_read_so_as_well() -> None:
    text = UPDATE.replace("{ batch", "{ b: batchUpdateStock(updates: $u) { success } batch")
    item = ITEM | {"quantity": "x"}

    with patch.object(coercion, "_coerced", wraps=coercion._coerced) as reading:
        result = await schema.execute(text, {"u": [item] * 1_000}, Scripted().context())

    assert reading.call_count == 1
    assert result.errors is not None
    assert len(result.errors) == MOST_ERRORS + 1
