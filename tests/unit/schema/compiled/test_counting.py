"""Too many items are refused before any of them is looked at."""

from typing import Any

import pytest

from schema import schema
from tests.support.compiled.scripted import Scripted

LIMIT = 3
LIST = "[StockUpdateInput!]!"
SUBMIT = "submitBatch(operation: {})  {{ id }}"
REQUESTS = {
    "a list": (LIST, "batchUpdateStock(updates: $sent) { index }", ()),
    "ids": ("[ID!]!", "batchDiscontinueProducts(productIds: $sent) { updated }", ()),
    "a submitted list": (LIST, SUBMIT.format("{updateStock: {updates: $sent}}"), ()),
    "a submitted batch": ("UpdateStockBatch!", SUBMIT.format("{updateStock: $sent}"), ("updates",)),
    "an operation": ("BatchOperationInput!", SUBMIT.format("$sent"), ("updateStock", "updates")),
    "a fragment": (LIST, "... { ...F }", ()),
    "a field that is left out": (
        LIST,
        "batchUpdateStock(updates: $sent) @skip(if: true) { index } __typename",
        (),
    ),
}
FRAGMENT = " fragment F on Mutation { batchUpdateStock(updates: $sent) { index } }"


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("kind", REQUESTS)
async def test_too_many_items_are_refused_unseen(kind: str, known: bool) -> None:
    text, names = _request(kind)
    scripted = Scripted(limit=LIMIT)
    schema.operations.forget()
    if known:
        await _execute(text, names, [], scripted)
        scripted.calls.clear()

    result = await _execute(text, names, [object()] * (LIMIT + 1), scripted)

    (error,) = result.errors
    assert error.extensions == {"code": "BATCH_TOO_LARGE"}
    assert "has 4 items: at most 3 are allowed in one" in error.message
    assert result.data is None
    assert scripted.calls == []


@pytest.mark.parametrize("kind", REQUESTS)
async def test_as_many_items_as_are_allowed_are_looked_at(kind: str) -> None:
    text, names = _request(kind)

    result = await _execute(text, names, [object()] * LIMIT, Scripted(limit=LIMIT))

    assert {error.extensions["code"] for error in result.errors} == {"BAD_INPUT"}


async def test_the_refusal_names_the_field_and_the_list() -> None:
    text = f"mutation ($sent: {LIST}) {{ a: batchUpdateStock(updates: $sent) {{ index }} }}"

    result = await _execute(text, (), [object()] * 4, Scripted(limit=LIMIT))

    assert [error.formatted for error in result.errors] == [
        {
            "message": "updates has 4 items: at most 3 are allowed in one request. "
            "Send several requests.",
            "locations": [{"line": 1, "column": 42}],
            "path": ["a"],
            "extensions": {"code": "BATCH_TOO_LARGE"},
        }
    ]


async def test_no_mutation_of_a_request_runs_if_one_is_refused() -> None:
    text = (
        f"mutation ($few: {LIST}, $sent: {LIST}) {{ batchUpdateStock(updates: $few) {{ index }} "
        "b: batchUpdateStock(updates: $sent) { index } }"
    )
    scripted = Scripted(limit=LIMIT)

    result = await schema.execute(text, {"few": [], "sent": [object()] * 4}, scripted.context())

    assert result.data is None
    assert scripted.calls == []


def _request(kind: str) -> tuple[str, tuple[str, ...]]:
    type_, selected, names = REQUESTS[kind]
    fragment = FRAGMENT if kind == "a fragment" else ""
    return f"mutation ($sent: {type_}) {{ {selected} }}{fragment}", names


async def _execute(text: str, names: tuple[str, ...], items: list[Any], scripted: Scripted) -> Any:
    sent: Any = items
    for name in reversed(names):
        sent = {name: sent}
    return await schema.execute(text, {"sent": sent}, scripted.context())
