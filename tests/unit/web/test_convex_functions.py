"""Compare the functions for Convex with the schema that they follow."""

from collections.abc import Iterator

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    parse,
    validate,
    visit,
)

from schema import schema
from server.domain.errors import BadInput
from server.web.convex.function import FUNCTIONS, Function, function_at

BUILT = schema._schema
ROOTS = {"query": BUILT.query_type, "mutation": BUILT.mutation_type}
# What an answer does not have, and why.
LEFT_OUT = {
    "BatchDiscontinueResult.outcome",  # seed 1 shows the answer; the counts say it
    "BatchDiscontinueResult.products",  # for normalised caches, which Convex clients do not have
    "BatchItemResult.product",
    "StockUpdate.product",  # a look-up for each row, for whoever wants it: the function product
    "StockUpdateResult.oldStock",  # seed 1 shows the answer
    "StockUpdateResult.index",  # result i answers update i, and seed 1 shows the answer
    "PageInfo.hasPreviousPage",  # Convex's pages have none of these
    "PageInfo.startCursor",
    *(
        f"{name}{part}"
        for name in ("Product", "StockUpdate", "BatchOperation", "BatchItemResult")
        for part in ("Connection.totalCount", "Edge.cursor")
    ),
}
# Functions of a field of BatchOperation that costs more, or has pages of its own.
PARTS = {"batchResults": "results", "batchThroughput": "throughput"}
every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda one: one.name)


def _root(function: Function) -> GraphQLObjectType:
    root = ROOTS[function.kind]
    assert root is not None
    return root


def _asked(function: Function) -> Iterator[tuple[str, str]]:
    """Return (type, field) of everything that the function asks for."""
    asked: list[tuple[str, str]] = []
    info = TypeInfo(BUILT)

    class Collector(Visitor):
        def enter_field(self, field: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            asked.append((parent.name, field.name.value))

    visit(parse(function.text), TypeInfoVisitor(info, Collector()))
    return iter(asked)


@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_every_field_of_the_schema_is_a_function_of_its_name(kind: str) -> None:
    root = ROOTS[kind]
    assert root is not None
    names = {one.name for one in FUNCTIONS.values() if one.kind == kind}

    assert names - PARTS.keys() == {*root.fields}


@every_function
def test_a_function_is_valid_and_one_operation(function: Function) -> None:
    document = parse(function.text)

    assert validate(BUILT, document) == []
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    assert [one.name and one.name.value for one in operations] == [function.name]


@every_function
def test_a_function_takes_every_argument_of_its_field(function: Function) -> None:
    if function.name in PARTS:
        batch_operation = BUILT.type_map["BatchOperation"]
        assert is_object_type(batch_operation)
        expected = {"id", *batch_operation.fields[PARTS[function.name]].args}
    else:
        expected = {*_root(function).fields[function.name].args}

    assert {*function.variables} == expected


def test_the_answers_have_every_field_but_those_that_are_left_out_for_a_reason() -> None:
    asked = {one for function in FUNCTIONS.values() for one in _asked(function)}
    missing = {
        f"{name}.{field}"
        for name in {parent for parent, _ in asked} - {"Query", "Mutation"}
        for field in _fields(name)
        if (name, field) not in asked
    }

    assert missing == LEFT_OUT


@every_function
def test_every_answer_of_one_type_has_the_same_fields(function: Function) -> None:
    """No function forgets a field that another one has."""
    everywhere = {one for each in FUNCTIONS.values() for one in _asked(each)}
    here = {*_asked(function)}
    types = {parent for parent, _ in here} - {"Query", "Mutation"}

    if function.name in PARTS:
        types -= {"BatchOperation"}  # only this field of it
    assert here >= {(parent, field) for parent, field in everywhere if parent in types} - {
        ("BatchOperation", part) for part in PARTS.values()
    }


def _fields(name: str) -> Iterator[str]:
    one = BUILT.type_map[name]
    assert is_object_type(one) or is_interface_type(one)
    for field, definition in one.fields.items():
        kind = get_named_type(definition.type)
        if is_leaf_type(kind) or is_object_type(kind):
            yield field


@pytest.mark.parametrize(
    "path",
    [
        "product",
        "product:default",
        "product.js:default",
        "shop:product",
        "shop.js:product",
        "deep/shop:product",
        "deep/shop.js:product",
        "deep/product",
    ],
)
def test_a_path_names_a_function_as_convex_does_it(path: str) -> None:
    assert function_at(path, "query").name == "product"


@pytest.mark.parametrize(
    "path", ["", ":", "products.product", "product:x", "PRODUCT", "a:b:product"]
)
def test_a_path_of_no_function_is_refused_with_those_that_there_are(path: str) -> None:
    with pytest.raises(BadInput, match=r"^There is no function .*product, products, stockUpdates"):
        function_at(path, "query")


def test_a_mutation_is_no_query() -> None:
    with pytest.raises(BadInput) as refused:
        function_at("cancelBatch", "query")

    assert str(refused.value) == (
        "cancelBatch is a mutation: call client.mutation(…), which is POST /api/mutation."
    )
