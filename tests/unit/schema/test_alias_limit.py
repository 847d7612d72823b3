"""Aliases are counted as Strawberry's limiter counts them, but each fragment is read once."""

import pytest
from graphql import ExecutableDefinitionNode, OperationDefinitionNode, parse
from graphql.language import FragmentDefinitionNode
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.extensions.max_aliases import count_fields_with_alias

from schema import schema
from schema.extensions import alias_limit
from schema.extensions.alias_limit import COUNTED_UP_TO, count_aliases
from tests.support.fragment_bombs import bombs

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
def test_the_count_is_that_of_strawberry_s_limiter(text: str) -> None:
    document = parse(text)
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]

    assert count_aliases(document) == sum(
        count_fields_with_alias(one, fragments) for one in operations
    )


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{ ...F } fragment F on T { a: f ...F }", 1),
        ("{ ...F ...G } fragment F on T { a: f ...G } fragment G on T { b: f ...F }", 3),
        ("fragment F on T { a: f ...F ...F }", 0),
    ],
    ids=["of one", "of two", "that nothing spreads"],
)
def test_a_cycle_ends(text: str, count: int) -> None:
    assert count_aliases(parse(text)) == count


def test_a_count_beyond_all_bounds_stays_a_small_number() -> None:
    document = parse(bombs(1_000)["an alias in the last fragment"])

    assert count_aliases(document) == COUNTED_UP_TO + 1


@pytest.mark.parametrize("sort", bombs(1))
def test_each_definition_is_read_once_however_often_it_is_spread(
    sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = parse(bombs(100)[sort])
    read: list[object] = []
    contents = alias_limit._contents

    def counted(definition: ExecutableDefinitionNode) -> object:
        read.append(definition)
        return contents(definition)

    monkeypatch.setattr(alias_limit, "_contents", counted)
    count_aliases(document)

    assert len(read) == len(document.definitions)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (16, "16 aliases found. Allowed: 15"),
        (17, "17 aliases found. Allowed: 15"),
    ],
)
async def test_a_refusal_says_how_many_there_are(fields: int, message: str) -> None:
    aliases = " ".join(f"a{n}: __typename" for n in range(fields - 2))

    result = await schema.execute(
        f"{{ {aliases} ...F ...F }} fragment F on Query {{ b: __typename }}"
    )

    assert result.errors is not None
    assert [one.message for one in result.errors] == [message]


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
    assert [(one.message, one.extensions) for one in result.errors] == [
        ("More than 1000000 aliases found. Allowed: 15", {"code": "BAD_INPUT"})
    ]


@pytest.mark.parametrize("levels", [200, 2_000])
async def test_fragments_in_fragments_beyond_all_bounds_are_refused_clearly(levels: int) -> None:
    result = await schema.execute(bombs(levels)["the query's root"])

    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    assert error.message == (
        "The query was not executed: its fragments are nested too deeply, or too many fields and "
        "fragments stand where they might conflict. Send a simpler one."
    )
    assert error.extensions == {"code": "BAD_INPUT"}
