"""The functions: the operations of `functions.graphql`, ready to be executed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from server.domain.errors import BadInput, quoted
from server.web.convex import pagination

KEY = "idempotencyKey"
_RELAY = ("first", "after")
_FILE = Path(__file__).with_name("functions.graphql")


@dataclass(frozen=True)
class Function:
    """A query or mutation (its `kind`); `text` is a GraphQL document of this one operation."""

    name: str
    kind: str
    text: str
    variables: tuple[str, ...]

    @cached_property
    def is_paginated(self) -> bool:
        """Return whether the function answers in pages."""
        return {*_RELAY} <= {*self.variables}

    @cached_property
    def arguments(self) -> frozenset[str]:
        """Return what a client may give: a key for every mutation, Convex's pages for Relay's."""
        if self.is_paginated:
            return frozenset({*self.variables} - {*_RELAY} | {pagination.OPTIONS})
        return frozenset({*self.variables, *([KEY] if self.kind == "mutation" else [])})


def read_functions(text: str) -> Iterator[Function]:
    """Yield the operations of a GraphQL document, each with the fragments that it needs."""
    document = parse(text, no_location=True)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.name:
            yield Function(
                name=node.name.value,
                kind=node.operation.value,
                text=print_ast(_alone(node, fragments)),
                variables=tuple(
                    definition.variable.name.value for definition in node.variable_definitions or ()
                ),
            )


def _alone(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> DocumentNode:
    needed: dict[str, FragmentDefinitionNode] = {}

    class Collector(Visitor):
        def enter_fragment_spread(self, spread: FragmentSpreadNode, *_: object) -> None:
            name = spread.name.value
            if name not in needed:
                needed[name] = fragments[name]
                visit(fragments[name], self)

    visit(operation, Collector())
    return DocumentNode(definitions=(operation, *needed.values()))


FUNCTIONS: Mapping[str, Function] = {
    function.name: function for function in read_functions(_FILE.read_text(encoding="utf-8"))
}


def function_at(path: str, kind: str) -> Function:
    """Return the function at `path`: `name`, `name:default`, `module:name` or `module.js:name`.

    Raises:
        BadInput: there is no such function, or it is of another kind.
    """
    module, _, export = path.partition(":")
    name = (
        export if export not in ("", "default") else module.rpartition("/")[2].removesuffix(".js")
    )
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(name for name, known in FUNCTIONS.items() if known.kind == kind)
        raise BadInput(f"There is no function {quoted(path)}. Of kind {kind} there are {known}.")
    if function.kind != kind:
        raise BadInput(
            f"{function.name} is a {function.kind}: call client.{function.kind}(…), which is "
            f"POST /api/{function.kind}."
        )
    return function
