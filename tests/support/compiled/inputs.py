"""Random values of variables: mostly right, and wrong in all the ways that JSON can be."""

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    is_required_input_field,
)
from hypothesis import strategies as st

_LIKELY = [None, True, 1, 1.0]  # what a careless check of a leaf lets through
STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [
        *_LIKELY * 3,
        False,
        0,
        3.5,
        2**31,
        -(2**31) - 1,
        10**40,
        1e999,
        "",
        "x",
        [],
        {},
        [1],
        {"a": 1},
    ]
)
_CLEAN: dict[str, st.SearchStrategy[Any]] = {
    "ID": st.sampled_from(["0" * 24, "not an id", ""]),
    "String": st.sampled_from([*["Cup"] * 6, "", "ü"]),
    "Int": st.sampled_from([*[1, 7, 500] * 6, 0, 2**31 - 1, -(2**31)]),
    "Float": st.sampled_from([*[1, 9.0] * 8, 0, -3, 2.5, 10**20]),
    "Boolean": st.booleans(),
}


@st.composite
def values(draw: st.DrawFn, type_: Any, strange: float = 0.0) -> Any:
    """Draw a value of the type; `strange` is the probability of each part to be something else."""
    if strange and draw(st.floats(0, 1)) < strange:
        return draw(STRANGE)
    if isinstance(type_, GraphQLNonNull):
        return draw(values(type_.of_type, strange))
    if isinstance(type_, GraphQLList):
        return draw(st.lists(values(type_.of_type, strange), max_size=4))
    if isinstance(type_, GraphQLScalarType):
        return draw(_CLEAN[type_.name])
    return draw(_objects(type_, strange))


@st.composite
def _objects(draw: st.DrawFn, type_: GraphQLInputObjectType, strange: float) -> Any:
    fields = dict(type_.fields)
    names = [name for name, one in fields.items() if is_required_input_field(one)]
    if type_.name == "BatchOperationInput":  # exactly one of its fields
        names = [draw(st.sampled_from(sorted(fields)))]
    else:
        names += [name for name in fields if name not in names and draw(st.booleans())]
    if strange and draw(st.floats(0, 1)) < strange:
        names = names[1:]
    sent = {name: draw(values(fields[name].type, strange)) for name in draw(st.permutations(names))}
    if strange and draw(st.floats(0, 1)) < strange:
        sent["unknown"] = 1
    return sent
