"""What the registry of kinds knows, `submitBatch` accepts, and nothing else."""

from collections.abc import Iterable

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from schema import schema
from schema.enums import BatchOperationStatus
from server.domain.batch_state import VISIBLE
from server.kinds.item_field import ItemField
from server.kinds.kind import BatchKind
from server.kinds.registry import KINDS

COMMON = {"batchSize", "dryRun"}

assert schema._schema.mutation_type
MUTATIONS = schema._schema.mutation_type.fields
SYNCHRONOUS = [kind for kind in KINDS.values() if kind.mutation in MUTATIONS]

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def _named(name: str) -> GraphQLNamedType:
    return schema._schema.type_map[name]


def _input(kind: GraphQLInputType) -> GraphQLInputObjectType:
    named = get_named_type(kind)
    assert isinstance(named, GraphQLInputObjectType)
    return named


def _batch_input(kind: BatchKind) -> GraphQLInputObjectType:
    """Return the input that `BatchOperationInput` has for this kind."""
    return _input(_input(_named("BatchOperationInput")).fields[kind.name].type)


def _leaves(
    item: GraphQLInputObjectType, parent: str | None = None
) -> Iterable[tuple[str | None, str]]:
    """Yield the fields of an item with the object in which each one is."""
    for name, field in item.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType):
            assert parent is None  # the registry knows one level of objects
            yield from _leaves(named, name)
        else:
            yield parent, name


def test_a_batch_is_of_any_kind_of_the_registry_and_no_other() -> None:
    assert list(_input(_named("BatchOperationInput")).fields) == list(KINDS)


def test_a_kind_is_shown_under_its_name_in_upper_case() -> None:
    shown = _named("BatchOperationType")
    assert isinstance(shown, GraphQLEnumType)

    assert {name: value.value for name, value in shown.values.items()} == {
        kind.constant: kind.name for kind in KINDS.values()
    }


@every_kind
def test_a_batch_has_its_items_its_size_and_its_kind_s_options(kind: BatchKind) -> None:
    assert set(_batch_input(kind).fields) == {
        kind.argument,
        *COMMON,
        *(option.name for option in kind.options),
    }


@every_kind
def test_a_batch_requires_its_items_and_the_options_that_its_kind_requires(kind: BatchKind) -> None:
    required = {
        name for name, field in _batch_input(kind).fields.items() if is_required_input_field(field)
    }

    assert required == {
        kind.argument,
        *(option.name for option in kind.options if option.required is not None),
    }


@every_kind
def test_an_item_has_the_fields_of_its_kind(kind: BatchKind) -> None:
    items = get_nullable_type(_batch_input(kind).fields[kind.argument].type)
    assert isinstance(items, GraphQLList)
    item = get_named_type(items)

    if kind.takes_ids:
        assert item is GraphQLID
        return
    assert sorted(_leaves(_input(item)), key=str) == sorted(map(_place, kind.fields), key=str)


def _place(field: ItemField) -> tuple[str | None, str]:
    return field.parent, field.name


def test_each_mutation_of_a_batch_is_that_of_a_kind() -> None:
    named = {name for name in MUTATIONS if name.startswith("batch")}

    assert named == {kind.mutation for kind in SYNCHRONOUS}


@pytest.mark.parametrize("kind", SYNCHRONOUS, ids=lambda kind: kind.mutation)
def test_a_mutation_takes_the_items_and_the_options_of_its_kind(kind: BatchKind) -> None:
    arguments = MUTATIONS[kind.mutation].args
    items, batch = arguments[kind.argument], _batch_input(kind)

    assert str(items.type) == str(batch.fields[kind.argument].type)
    options = _input(arguments["options"].type).fields
    assert {option.name for option in kind.options} <= options.keys()
    assert options.keys() >= COMMON


def test_every_state_that_callers_see_is_a_status() -> None:
    assert [status.value for status in BatchOperationStatus] == list(VISIBLE)
    assert [status.name for status in BatchOperationStatus] == [state.name for state in VISIBLE]
