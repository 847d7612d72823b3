"""The functions: the operations of `functions.graphql`, ready to be sent to the schema."""

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
    """`kind` is query or mutation, `text` a GraphQL document of this one operation."""

    name: str
    kind: str
    text: str
    variables: tuple[str, ...]

    @cached_property
    def is_paginated(self) -> bool:
        return {*_RELAY} <= {*self.variables}

    @cached_property
    def arguments(self) -> frozenset[str]:
        """What a client may give: a key for every mutation, and Convex's pages for Relay's."""
        if self.is_paginated:
            return frozenset({*self.variables} - {*_RELAY} | {pagination.OPTIONS})
        return frozenset({*self.variables, *([KEY] if self.kind == "mutation" else [])})


def read_functions(text: str) -> Iterator[Function]:
    """The operations of a GraphQL document, each with the fragments that it needs."""
    document = parse(text, no_location=True)
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode) and one.name:
            yield Function(
                name=one.name.value,
                kind=one.operation.value,
                text=print_ast(_alone(one, fragments)),
                variables=tuple(
                    each.variable.name.value for each in one.variable_definitions or ()
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
    one.name: one for one in read_functions(_FILE.read_text(encoding="utf-8"))
}


def function_at(path: str, kind: str) -> Function:
    """The function at a path such as `name`, `name:default`, `module:name` or `module.js:name`.

    Raises:
        BadInput: there is none, or it is not of this kind.
    """
    module, _, export = path.partition(":")
    name = (
        export if export not in ("", "default") else module.rpartition("/")[2].removesuffix(".js")
    )
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(one.name for one in FUNCTIONS.values() if one.kind == kind)
        raise BadInput(f"There is no function {quoted(path)}. Of kind {kind} there are {known}.")
    if function.kind != kind:
        raise BadInput(
            f"{function.name} is a {function.kind}: call client.{function.kind}(…), which is "
            f"POST /api/{function.kind}."
        )
    return function
