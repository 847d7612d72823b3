"""Random selections: aliases, fragments, `__typename`, `@skip` and `@include`."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

CONDITIONS = ("c0", "c1", "c2")
_DEEPEST = 4


@dataclass
class Selections:
    """Draws selections, the `fragments` that they spread, and the variables that are `used`."""

    schema: GraphQLSchema
    data: st.DataObject
    fragments: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    _spreads: dict[str, list[str]] = field(default_factory=dict)

    def of(self, type_: Any, depth: int = 0) -> str:
        """Return a selection set of the type, with its braces."""
        named = get_named_type(type_)
        count = self.data.draw(st.integers(1, 4))
        return "{ " + " ".join(self._one(named, depth) for _ in range(count)) + " }"

    def _one(self, type_: GraphQLNamedType, depth: int) -> str:
        shape = self.data.draw(st.sampled_from(["field"] * 5 + ["inline", "spread", "typename"]))
        if depth > _DEEPEST or shape == "field":
            return self._field(type_, depth)
        if shape == "typename":
            return f"{self._alias('__typename')}__typename{self._condition()}"
        if shape == "inline":
            on = self.data.draw(st.sampled_from([None, *self._fitting(type_)]))
            inner = self.of(self.schema.type_map[on] if on else type_, depth + 1)
            return f"...{f' on {on}' if on else ''}{self._condition()} {inner}"
        return f"...{self._fragment(type_, depth)}{self._condition()}"

    def _field(self, type_: Any, depth: int) -> str:
        selectable = {
            name: one
            for name, one in getattr(type_, "fields", {}).items()
            if not any(is_required_argument(argument) for argument in one.args.values())
            and (depth < _DEEPEST or is_leaf_type(get_named_type(one.type)))
        }
        if not selectable:
            return "__typename"
        name = self.data.draw(st.sampled_from(sorted(selectable)))
        inner = get_named_type(selectable[name].type)
        below = "" if is_leaf_type(inner) else " " + self.of(inner, depth + 1)
        return f"{self._alias(name)}{name}{self._condition()}{below}"

    def _alias(self, name: str) -> str:
        """Return an alias: now and then the name of another field, which may be in conflict."""
        if not self.data.draw(st.integers(0, 50)):
            return self.data.draw(st.sampled_from(["index: ", "productId: ", "id: ", "name: "]))
        alias = self.data.draw(st.sampled_from([None] * 9 + [f"a_{name}", f"b_{name}"]))
        return f"{alias}: " if alias else ""

    def _condition(self) -> str:
        if self.data.draw(st.integers(0, 5)):
            return ""
        directive = self.data.draw(st.sampled_from(["skip", "include"]))
        value = self.data.draw(st.sampled_from(["true", "false", *CONDITIONS]))
        if value in CONDITIONS:
            self.used.add(value)
            value = f"${value}"
        return f" @{directive}(if: {value})"

    def _fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        """Return the name of a fragment: a new one, or one that was spread before."""
        on = self.data.draw(st.sampled_from(self._fitting(type_)))
        known = self._spreads.setdefault(on, [])
        if known and self.data.draw(st.booleans()):
            return self.data.draw(st.sampled_from(known))
        inner = self.of(self.schema.type_map[on], depth + 1)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on} {inner}")
        known.append(name)
        return name

    def _fitting(self, type_: Any) -> list[str]:
        """Return the type conditions that can hold for an object of the type."""
        names = [type_.name]
        if is_abstract_type(type_):
            names += [one.name for one in self.schema.get_possible_types(type_)]
        if isinstance(type_, GraphQLObjectType):
            names += [one.name for one in type_.interfaces]
        return names
