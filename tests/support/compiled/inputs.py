"""Random values of variables, and ways to spoil them."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    is_required_input_field,
)
from hypothesis import strategies as st

_LEAVES = [None, True, 1, 1.0, "x"]  # what a careless check of a leaf lets through
_STRANGE = [*_LEAVES * 3, False, 3.5, 2**31, -(2**31) - 1, 10**40, 1e999, "", [], {}, [1], {"a": 1}]
_CLEAN: dict[str, st.SearchStrategy[Any]] = {
    "ID": st.sampled_from(["0" * 24, "not an id", ""]),
    "String": st.sampled_from([*["Cup"] * 6, "", "ü"]),
    "Int": st.sampled_from([*[1, 7, 500] * 6, 0, 2**31 - 1, -(2**31)]),
    "Float": st.sampled_from([*[1, 9.0] * 8, 0, -3, 2.5, 10**20]),
    "Boolean": st.booleans(),
}


@st.composite
def values(draw: st.DrawFn, type_: Any) -> Any:
    """Draw a value of the type."""
    if isinstance(type_, GraphQLNonNull):
        return draw(values(type_.of_type))
    if isinstance(type_, GraphQLList):
        return draw(st.lists(values(type_.of_type), max_size=4))
    if isinstance(type_, GraphQLScalarType):
        return draw(_CLEAN[type_.name])
    return draw(_objects(type_))


@st.composite
def _objects(draw: st.DrawFn, type_: GraphQLInputObjectType) -> Any:
    names = [name for name, one in type_.fields.items() if is_required_input_field(one)]
    if type_.name == "BatchOperationInput":  # exactly one of its fields
        names = [draw(st.sampled_from(sorted(type_.fields)))]
    else:
        names += [name for name in type_.fields if name not in names and draw(st.booleans())]
    ordered = draw(st.permutations(names))
    return {name: draw(values(type_.fields[name].type)) for name in ordered}


@st.composite
def spoiled(draw: st.DrawFn, sent: dict[str, Any]) -> dict[str, Any]:
    """Draw one place of the variables, and what is wrong there. `sent` itself is changed."""
    places = list(_places(sent))
    if not places:
        return sent
    container, key = draw(st.sampled_from(places))
    how = draw(st.sampled_from(["strange", "strange", "strange", "missing", "unknown"]))
    if how == "strange":
        container[key] = draw(st.sampled_from(_STRANGE))
    elif how == "missing":
        del container[key]
    elif isinstance(container, dict):
        container["unknown"] = 1
    return sent


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each entry of each list and object, as its container and its key."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
