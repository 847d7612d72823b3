"""A text that comes again runs by its plan: the same resolver, once, with the same context."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from schema import schema
from schema.compiled.slices import SLICE
from server.domain.product import Product
from server.kinds.update_stock.rules import Applied
from tests.support.compiled.both_ways import Taken
from tests.support.compiled.scripted import NOW, Scripted

TEXT = "mutation ($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { index newStock } }"
SENT = {"u": [{"productId": "0" * 24, "quantity": 1}]}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    schema.operations.forget()
    yield
    schema.operations.forget()


@pytest.fixture
def taken() -> Iterator[Taken]:
    counting = Taken()
    with counting.counted():
        yield counting


async def test_a_known_text_is_neither_parsed_nor_validated_nor_executed() -> None:
    scripted = Scripted([applied()])
    first = await execute(scripted)

    with (
        patch("strawberry.schema.schema.Schema.execute", side_effect=AssertionError),
        patch("graphql.execution.Executor.execute_operation", side_effect=AssertionError),
    ):
        again = await execute(scripted)

    assert again == first
    assert again.data == {"batchUpdateStock": [{"index": 0, "newStock": 5}]}
    assert len(scripted.calls) == 2


async def test_the_plan_of_a_new_text_answers_its_first_request(taken: Taken) -> None:
    await execute(Scripted([applied()]))

    assert taken.counts == {"planned": 1}


@pytest.mark.parametrize(
    "wrong",
    [{"new_stock": None}, {"index": 2**31}, {"index": "x"}, {"index": ValueError()}],
)
async def test_a_mutation_with_an_impossible_result_runs_once(
    taken: Taken, wrong: dict[str, Any]
) -> None:
    scripted = Scripted([applied(**wrong)])

    result = await execute(scripted)

    assert taken.counts == {"completed by graphql-core": 1}
    assert len(scripted.calls) == 1
    assert [error.extensions["code"] for error in result.errors] == ["INTERNAL"]


@pytest.mark.parametrize(("unusual", "index"), [(True, "1"), (3.0, "3"), ("7", "7")])
async def test_graphql_core_completes_what_is_right_in_an_unusual_way(
    taken: Taken, unusual: object, index: str
) -> None:
    result = await execute(Scripted([applied(index=unusual)]))

    assert taken.counts == {"completed by graphql-core": 1}
    assert json.dumps(result.data) == (
        f'{{"batchUpdateStock": [{{"index": {index}, "newStock": 5}}]}}'
    )


async def test_each_set_of_conditions_has_its_own_selection(taken: Taken) -> None:
    text = TEXT.replace("$u:", "$c: Boolean!, $u:").replace("index", "index @skip(if: $c)")
    scripted = Scripted([applied()])

    for condition, item in ((True, {"newStock": 5}), (False, {"index": 0, "newStock": 5})) * 2:
        result = await schema.execute(text, SENT | {"c": condition}, scripted.context())

        assert result.data == {"batchUpdateStock": [item]}
    assert taken.counts == {"planned": 4}


async def test_a_variable_that_is_left_out_has_its_default(taken: Taken) -> None:
    text = TEXT.replace("$u:", "$o: BatchStockOptions = {batchSize: 7}, $u:")
    text = text.replace("updates: $u", "updates: $u, options: $o")
    scripted = Scripted([applied()])

    await schema.execute(text, SENT, scripted.context())
    await schema.execute(text, SENT | {"o": None}, scripted.context())

    assert [call[-1].batch_size for call in scripted.calls] == [7, 500]
    assert taken.counts == {"planned": 2}


async def test_a_mutation_that_raises_runs_once_and_is_masked(taken: Taken) -> None:
    scripted = Scripted(RuntimeError("secret"))

    result = await execute(scripted)

    (error,) = result.errors
    assert len(scripted.calls) == 1
    assert error.message == f"Internal error. (Error {error.extensions['errorId']})"
    assert error.path == ["batchUpdateStock"]


async def test_an_unclean_item_leaves_the_request_to_graphql_core(taken: Taken) -> None:
    scripted = Scripted()

    result = await execute(scripted, {"u": [{"productId": "0" * 24, "quantity": True}]})

    assert taken.counts == {"left to graphql-core": 1}
    assert scripted.calls == []
    assert "Variable '$u' has invalid value at [0].quantity" in result.errors[0].message


async def test_a_repeated_answer_is_marked() -> None:
    scripted = Scripted(is_replay=True)
    context = scripted.context(["a key"])

    marks = [(await schema.execute(TEXT, SENT, context)).extensions for _ in range(2)]
    plain = (await execute(scripted)).extensions

    assert marks == [{"idempotentReplay": True}] * 2
    assert plain == {}
    assert not context.is_replay  # each operation has a context of its own


async def test_a_request_for_queries_alone_cannot_use_the_plan_of_a_mutation() -> None:
    scripted = Scripted()
    await execute(scripted)

    with pytest.raises(InvalidOperationTypeError):
        await schema.execute(
            TEXT, SENT, scripted.context(), allowed_operation_types={OperationType.QUERY}
        )
    assert len(scripted.calls) == 1


@pytest.mark.parametrize("first", [True, False])
async def test_a_key_in_the_header_is_refused_for_two_fields_of_which_one_is_left_out(
    first: bool,
) -> None:
    field = "batchUpdateStock(updates: $u) @{}(if: $first) {{ index }}"
    text = (
        "mutation ($u: [StockUpdateInput!]!, $first: Boolean!) "
        f"{{ a: {field.format('include')} b: {field.format('skip')} }}"
    )
    sent, scripted = SENT | {"first": first}, Scripted()
    await schema.execute(text, sent, scripted.context())
    scripted.calls.clear()

    result = await schema.execute(text, sent, scripted.context(["a key"]))

    assert "The header Idempotency-Key is for a request with one mutation" in str(result.errors)
    assert scripted.calls == []


async def test_operations_of_one_text_have_plans_of_their_own() -> None:
    text = f"{TEXT.replace('mutation', 'mutation A')} {TEXT.replace('mutation', 'mutation B')}"
    text = text.replace("{ index newStock }", "{ index }", 1)
    scripted = Scripted([applied()])

    for name, item in (("A", {"index": 0}), ("B", {"index": 0, "newStock": 5})) * 2:
        result = await schema.execute(text, SENT, scripted.context(), operation_name=name)

        assert result.data == {"batchUpdateStock": [item]}
    unnamed = await schema.execute(text, SENT, scripted.context())
    assert "Must provide operation name" in str(unnamed.errors)


async def test_as_many_texts_are_kept_as_in_strawberry_s_caches() -> None:
    scripted = Scripted([applied()])
    for number in range(129):
        await schema.execute(f"{TEXT} # {number}", SENT, scripted.context())

    assert schema.operations.known(f"{TEXT} # 0", None) is None
    assert schema.operations.known(f"{TEXT} # 1", None) is not None


async def test_a_long_text_is_not_kept(taken: Taken) -> None:
    text = f"{TEXT} # {'x' * 10_000}"

    await schema.execute(text, SENT, Scripted().context())

    assert schema.operations.known(text, None) is None
    assert taken.counts == {}


async def test_a_text_that_is_refused_is_not_kept() -> None:
    text = TEXT.replace("newStock", "nonsense")

    await schema.execute(text, SENT, Scripted().context())

    assert schema.operations.known(text, None) is None


async def test_others_go_on_while_a_long_result_is_completed() -> None:
    scripted = Scripted([applied()] * (10 * SLICE))
    await execute(Scripted())
    turns = 0
    answering = asyncio.ensure_future(execute(scripted))
    while not answering.done():
        turns += 1
        await asyncio.sleep(0)

    assert len((await answering).data["batchUpdateStock"]) == 10 * SLICE
    assert turns >= 10


async def test_others_go_on_between_the_lists_of_a_result(taken: Taken) -> None:
    product = Product(
        id="0" * 24, name="P", price=1, stock=1, category="C", discontinued=False,
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    edges = " ".join(f"a{number}: edges {{ node {{ name }} }}" for number in range(15))
    page = asyncio.ensure_future(
        schema.execute(f"{{ products {{ {edges} }} }}", {}, Scripted([product]).context())
    )
    turns = 0
    while not page.done():
        turns += 1
        await asyncio.sleep(0)

    shown = (await page).data["products"]
    assert shown == {f"a{number}": [{"node": {"name": "P"}}] for number in range(15)}
    assert taken.counts == {"planned": 1}
    assert turns >= 14


def test_no_extension_of_the_schema_wraps_the_resolvers() -> None:
    """A plan calls them without such a wrapper."""
    assert not any(one._implements_resolve() for one in schema.get_extensions())


def applied(**fields: Any) -> Applied:
    return Applied(
        **{"index": 0, "product_id": "0" * 24, "key": "", "quantity": 1, "new_stock": 5} | fields
    )


async def execute(scripted: Scripted, sent: dict[str, Any] = SENT) -> Any:
    return await schema.execute(TEXT, sent, scripted.context())
