"""Random operations: a text with its variables, for one root field and now and then for two."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import GraphQLField, GraphQLSchema, OperationType, parse_type
from graphql.utilities import type_from_ast
from hypothesis import strategies as st

from tests.support.compiled.inputs import spoiled, values
from tests.support.compiled.selections import CONDITIONS, Selections

MUTATIONS = (
    "batchUpdateStock",
    "batchDiscontinueProducts",
    "batchCreateProducts",
    "batchUpdateProducts",
    "batchDeleteProducts",
    "submitBatch",
)
FIELDS = (*MUTATIONS, "products")
# The argument of the items, with $items in it, and the type of $items.
_SUBMISSIONS = (
    ("$items", "BatchOperationInput!"),
    ("{updateStock: $items}", "UpdateStockBatch!"),
    ("{updateStock: {updates: $items, batchSize: 7}}", "[StockUpdateInput!]!"),
    ("{deleteProducts: {deletes: $items}}", "[DeleteProductInput!]! = []"),
)


@dataclass
class Operation:
    """A text, the variables beside it, and the name of the operation that is asked for."""

    field: str
    text: str
    variables: Mapping[str, Any]
    name: str | None

    @property
    def turned(self) -> "Operation":
        """Return the operation with the opposite conditions, which select other fields."""
        turned = {
            name: not value if name in CONDITIONS and isinstance(value, bool) else value
            for name, value in self.variables.items()
        }
        return replace(self, variables=turned)


@dataclass
class Drawing:
    """Draws one operation. `is_good`: its variables are what their types say."""

    schema: GraphQLSchema
    data: st.DataObject
    is_good: bool
    declared: dict[str, str] = field(default_factory=dict)

    def operation(self) -> Operation:
        name = self.draw(st.sampled_from(FIELDS))
        kind = OperationType.QUERY if name == "products" else OperationType.MUTATION
        root = self.schema.get_root_type(kind)
        assert root is not None
        selections = Selections(self.schema, self.data)
        call = self._call(name, root.fields[name], selections)
        others = self.draw(st.sampled_from([""] * 20 + ["__typename ", call + " "]))
        condition = selections._condition() if not self.draw(st.integers(0, 15)) else ""
        wrapped = self.draw(st.sampled_from([call] * 8 + [f"...{condition} {{ {call} }}"]))
        for variable in selections.used:
            self.declared[variable] = self.draw(st.sampled_from(["Boolean!", "Boolean! = true"]))
        declarations = ", ".join(f"${one}: {type_}" for one, type_ in self.declared.items())
        head = f"{kind.value} Op({declarations})" if declarations else f"{kind.value} Op"
        text = " ".join([f"{head} {{ {others}{wrapped} }}", *selections.fragments])
        asked_for = self.draw(
            st.sampled_from([*[None, "Op"] * 5, "Other"] if not self.is_good else [None, "Op"])
        )
        return Operation(name, text, self._variables(), asked_for)

    def with_other_variables(self, operation: Operation) -> Operation:
        """Return the same text with variables that are drawn anew."""
        return replace(operation, variables=self._variables())

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.data.draw(strategy)

    def _call(self, name: str, definition: GraphQLField, selections: Selections) -> str:
        arguments = [self._items(name, definition), self._others(definition)]
        alias = self.draw(st.sampled_from(["", "", "", "done: "]))
        given = ", ".join(one for one in arguments if one)
        return f"{alias}{name}{f'({given})' if given else ''} {selections.of(definition.type)}"

    def _items(self, name: str, definition: GraphQLField) -> str:
        if name == "products":
            self.declared["n"] = "Int"
            return "first: $n"
        argument = next(iter(definition.args))
        place, type_ = "$items", str(definition.args[argument].type)
        if name == "submitBatch":
            place, type_ = self.draw(st.sampled_from(_SUBMISSIONS))
        self.declared["items"] = type_
        return f"{argument}: {place}"

    def _others(self, definition: GraphQLField) -> str:
        arguments = []
        if "options" in definition.args:
            options = self.draw(
                st.sampled_from(["", "$options", "{batchSize: 7}", "{dryRun: $dry}"])
            )
            if options == "$options":
                default = self.draw(st.sampled_from(["", " = {batchSize: 3}", " = null"]))
                self.declared["options"] = f"{definition.args['options'].type}{default}"
            if "$dry" in options:
                self.declared["dry"] = self.draw(st.sampled_from(["Boolean", "Boolean = true"]))
            arguments += [f"options: {options}"] if options else []
        if "idempotencyKey" in definition.args:
            key = self.draw(st.sampled_from(["", "", "$key", '"literal"', "null"]))
            if key == "$key":
                self.declared["key"] = self.draw(st.sampled_from(["String", 'String = "k"']))
            arguments += [f"idempotencyKey: {key}"] if key else []
        return ", ".join(arguments)

    def _variables(self) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for name, declared in self.declared.items():
            type_, _, default = declared.partition(" = ")
            is_optional = bool(default) or not type_.endswith("!")
            if is_optional and self.draw(st.booleans()):
                continue
            known: Any = type_from_ast(self.schema, parse_type(type_))
            sent[name] = self.draw(values(known))
        if not self.is_good:
            self.draw(spoiled(sent))
        return sent
