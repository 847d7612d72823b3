"""Count what a document has once its fragments are written out, reading each of them once."""

from collections import Counter
from typing import Any

import pytest
from graphql import (
    ExecutableDefinitionNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)
from graphql.language import FragmentDefinitionNode
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.extensions.max_aliases import count_fields_with_alias

from schema import schema
from schema.limits import document_size
from schema.limits.document_size import (
    COUNTED_UP_TO,
    MOST_PAIRS,
    MOST_SELECTIONS,
    has_cycle,
    pairs_to_compare,
    size_fault,
    size_of,
)
from tests.support.fragment_bombs import bombs, circles

FRAGMENTS = 5
_FIELDS = st.sampled_from(["f", "a: f", "b: f", "a: f(x: {b: 1})"])


def _selection_sets(names: list[str]) -> st.SearchStrategy[str]:
    """The texts of selection sets that spread fragments of these names, and one that is missing."""
    leaves = _FIELDS | st.sampled_from(["...Missing", *(f"...{name}" for name in names)])

    def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        selections = st.lists(inner, min_size=1, max_size=4).map(" ".join)
        heads = _FIELDS | st.sampled_from(["...", "... on T", "... @include(if: true)"])
        return st.builds("{} {{ {} }}".format, heads, selections)

    selection = st.recursive(leaves, nested, max_leaves=8)
    return st.lists(selection, min_size=1, max_size=5).map(lambda some: f"{{ {' '.join(some)} }}")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Operations and fragments in any order, without cycles; a name may be defined twice."""
    names = [f"F{number}" for number in range(FRAGMENTS)]
    definitions = [
        f"query Q{n} {draw(_selection_sets(names))}" for n in range(draw(st.integers(0, 3)))
    ]
    for number in draw(st.lists(st.integers(0, FRAGMENTS - 1), max_size=7)):
        body = draw(_selection_sets(names[number + 1 :]))
        definitions.append(f"fragment F{number} on T {body}")
    return " ".join(draw(st.permutations([*definitions, "scalar S"])))


@settings(max_examples=50)
@given(documents())
def test_the_aliases_are_those_of_strawberry_s_limiter(text: str) -> None:
    document = parse(text)
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    roots: list[ExecutableDefinitionNode] = [*operations]
    spread = {name for one in operations for name in _spread_by(one, fragments)}
    for fragment in document.definitions:
        if not isinstance(fragment, FragmentDefinitionNode):
            continue
        name = fragment.name.value
        if name not in spread or fragment is not fragments[name]:  # spreads mean the last of a name
            roots.append(fragment)
            spread |= _spread_by(fragment, fragments)

    size = size_of(document)

    counted: Any = count_fields_with_alias
    assert size.aliases == sum(counted(one, fragments) for one in roots)
    assert size.selections == sum(len(_written_out(one, fragments)) for one in roots)
    assert pairs_to_compare(document) == sum(_pairs(one, fragments) for one in roots)


def _spread_by(
    definition: ExecutableDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> set[str]:
    names = {
        node.name.value
        for node in _written_out(definition, fragments)
        if isinstance(node, FragmentSpreadNode)
    }
    return names & set(fragments)


def _written_out(
    definition: ExecutableDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> list[Any]:
    """Return every field, inline fragment and spread, as often as it is spread."""
    nodes: list[Any] = []

    def walk(selected: SelectionSetNode) -> None:
        for node in selected.selections:
            nodes.append(node)
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in fragments:
                    walk(fragments[node.name.value].selection_set)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                walk(node.selection_set)

    walk(definition.selection_set)
    return nodes


def _pairs(
    definition: ExecutableDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> int:
    """Count the pairs of fields by the path that each has in the answer."""
    paths: Counter[tuple[str, ...]] = Counter()

    def walk(selected: SelectionSetNode, path: tuple[str, ...]) -> None:
        for node in selected.selections:
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in fragments:
                    walk(fragments[node.name.value].selection_set, path)
            elif isinstance(node, FieldNode):
                inner = (*path, (node.alias or node.name).value)
                paths[inner] += 1
                if node.selection_set:
                    walk(node.selection_set, inner)
            elif isinstance(node, InlineFragmentNode):
                walk(node.selection_set, path)

    walk(definition.selection_set, ())
    return sum(count * (count - 1) // 2 for count in paths.values())


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{ ...F } fragment F on T { a: f ...F }", 1),
        ("{ ...F ...G } fragment F on T { a: f ...G } fragment G on T { b: f ...F }", 3),
        ("fragment F on T { a: f ...F ...F }", 1),
    ],
    ids=["of one", "of two", "that nothing spreads"],
)
def test_a_cycle_ends(text: str, count: int) -> None:
    assert size_of(parse(text)).aliases == count
    assert has_cycle(parse(text))
    assert pairs_to_compare(parse(text)) == 0


def test_spreading_a_fragment_twice_is_no_cycle() -> None:
    text = "{ ...F ...G ...G } fragment F on T { ...G } fragment G on T { f ...Missing }"

    assert not has_cycle(parse(text))


async def test_many_circles_are_refused_as_circles() -> None:
    """The ways through these 24 fragments are too many to follow: it would take minutes."""
    result = await schema.execute(circles(24))

    assert result.data is None
    assert result.errors is not None
    assert result.errors[0].message == "Cannot spread fragment 'F0' within itself via 'F1'."
    assert {error.extensions["code"] for error in result.errors if error.extensions} == {
        "BAD_INPUT"
    }


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on Query { __typename } fragment F on Query { ...F }",
        (
            "{ products { ...F } } fragment F on ProductConnection { totalCount }"
            " fragment F on ProductConnection { ...F }"
        ),
        (
            "{ ...G } fragment F on Query { __typename } fragment G on Query { ...F }"
            " fragment F on Query { ...G }"
        ),
    ],
    ids=["at the root", "below a field", "of two"],
)
async def test_a_circle_through_the_second_fragment_of_a_name_is_refused(text: str) -> None:
    """The rule against circles sees one of these fragments, and what follows spreads the other."""
    result = await schema.execute(text)

    assert result.data is None
    assert result.errors is not None
    assert result.errors[0].message == "There can be only one fragment named 'F'."


def test_a_count_beyond_all_bounds_stays_a_small_number() -> None:
    document = parse(bombs(150)["an alias in the last fragment"])

    assert size_of(document).aliases == COUNTED_UP_TO + 1
    assert size_of(document).selections == COUNTED_UP_TO + 1


@pytest.mark.parametrize("sort", bombs(1))
def test_a_fragment_is_read_a_few_times_however_often_it_is_spread(
    sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parse(bombs(100)[sort])
    read: Counter[int] = Counter()
    contents = document_size._contents

    def counted(definition: ExecutableDefinitionNode) -> object:
        read[id(definition)] += 1
        return contents(definition)

    monkeypatch.setattr(document_size, "_contents", counted)
    size_of(document)

    assert max(read.values()) <= 3


_LESS = "Ask for less, or in several requests."
_LEAVES = "__typename " * (MOST_SELECTIONS - 1)
_FRAGMENTS = " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(200))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{{ {'a: f ' * 16} }}", "16 aliases"),
        (f"{{ {'...F ' * 8} }} fragment F on T {{ a: f b: f }}", "16 aliases"),
        (f"{{ {_LEAVES} x y }}", f"{MOST_SELECTIONS + 1} fields and fragments"),
        (f"{{ {'... { f } ' * 1001} }}", "2002 fields and fragments"),
        (f"{{ f {'@include(if: true) ' * 201} }}", "201 directives"),
        (f"query {'@a ' * 201} {{ f }}", "201 directives"),
        (f"{{ {'f ' * 201} }}", "20100 pairs of fields with the same name"),
        (f"{{ {'f { g } ' * 142} }}", "20022 pairs of fields with the same name"),
        (f"{{ f }} {_FRAGMENTS}", "201 operations and fragments"),
        (f"{{ f }} fragment F on T {{ {'f ' * 202} }}", "20301 pairs"),
        (f"{{ ...F }} fragment F on T {{ {'f ' * 202} }} fragment F on T {{ f }}", "20301 pairs"),
    ],
)
def test_a_document_that_is_too_large_is_refused(text: str, words: str) -> None:
    fault = size_fault(parse(text))

    assert fault is not None
    assert f"has {words}" in fault.message
    assert "at most" in fault.message


def test_a_document_at_the_limits_is_not_refused() -> None:
    pairs = 199 * 200 // 2
    assert pairs <= MOST_PAIRS
    assert size_fault(parse(f"{{ {'f ' * 200} }}")) is None
    assert size_fault(parse(get_introspection_query())) is None


@pytest.mark.parametrize("fields", [16, 17])
async def test_a_refusal_says_how_many_there_are(fields: int) -> None:
    aliases = " ".join(f"a{n}: __typename" for n in range(fields - 2))

    result = await schema.execute(
        f"{{ {aliases} ...F ...F }} fragment F on Query {{ b: __typename }}"
    )

    assert result.errors is not None
    assert [one.message for one in result.errors] == [
        f"The query has {fields} aliases, fragments written out: at most 15 are allowed. {_LESS}"
    ]


async def test_15_aliases_in_fragments_are_not_too_many() -> None:
    aliases = " ".join(f"a{n}: __typename" for n in range(13))

    result = await schema.execute(
        f"{{ {aliases} ...F ...F }} fragment F on Query {{ b: __typename }}"
    )

    assert result.errors is None
    assert result.data is not None
    assert len(result.data) == 14


async def test_a_count_beyond_all_bounds_is_said_as_such() -> None:
    result = await schema.execute(bombs(30)["an alias in the last fragment"])

    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions == {"code": "BAD_INPUT"}
    assert error.message == (
        "The query has more than 1000000 aliases, fragments written out: at most 15 are "
        f"allowed. {_LESS}"
    )


@pytest.mark.parametrize("sort", bombs(1))
async def test_fragments_that_double_are_refused_clearly(sort: str) -> None:
    fault = size_fault(parse(bombs(150)[sort]))

    assert fault is not None
    assert "more than 1000000" in fault.message
