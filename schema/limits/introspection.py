"""The size of what a document asks about the schema itself.

`fields { type { fields … } }` multiplies: 2 KB of it under 15 aliases took 0.4 s. The size is reckoned
with the mean length of each list, which is exact for the lists of `__schema`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

MOST_VALUES: Final = 15_000  # the introspection of GraphiQL has 6 000; each takes some 5 µs
_SCHEMA, _TYPE = "__schema", "__type"
_WRAPPED = 0.5  # of the types that `ofType` is selected of, about half wrap another one


class Introspection:
    """Reckons what the documents of one schema ask about it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._lengths = _mean_lengths(schema)

    def fault(self, document: DocumentNode) -> GraphQLError | None:
        """Return why a valid document asks for too much; None if it does not."""
        values = round(self.values(document))
        if values <= MOST_VALUES:
            return None
        return GraphQLError(
            f"The query asks for about {values} values of the schema: at most {MOST_VALUES} are "
            "allowed. Ask for fewer fields within fields, or in several requests."
        )

    def values(self, document: DocumentNode) -> float:
        """Return about how many values of the schema all operations together ask for.

        Fragments are written out, so the document's size must have been checked before.
        """
        fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        total = 0.0
        pending: list[tuple[SelectionNode, float]] = [
            (root, 1.0) for root in _introspected(document, fragments)
        ]
        while pending:
            node, times = pending.pop()
            if isinstance(node, FieldNode):
                total += times
                times *= self._lengths.get(node.name.value, 1)
            below = _selected(node, fragments)
            if below is not None:
                pending += [(inner, times) for inner in below.selections]
        return total


def asks_about_the_schema(document: DocumentNode) -> bool:
    """Return whether the field `__schema` or `__type` stands anywhere in a document, valid or not."""
    pending: list[Node] = [*document.definitions]
    while pending:
        node = pending.pop()
        if isinstance(node, FieldNode) and node.name.value in (_SCHEMA, _TYPE):
            return True
        below: SelectionSetNode | None = getattr(node, "selection_set", None)
        if below is not None:
            pending += below.selections
    return False


def _mean_lengths(schema: GraphQLSchema) -> Mapping[str, float]:
    """Return how long each list is, taking the mean; a type that is asked for by name is the largest."""
    types = list(schema.type_map.values())
    objects = [one for one in types if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)]
    fields = [field for one in objects for field in one.fields.values()]
    inputs = [len(one.fields) for one in types if isinstance(one, GraphQLInputObjectType)]
    enums = [len(one.values) for one in types if isinstance(one, GraphQLEnumType)]
    return {
        "types": len(types),
        "directives": len(schema.directives),
        "fields": len(fields) / len(types),
        "args": sum(len(field.args) for field in fields) / len(fields),
        "inputFields": sum(inputs) / len(types),
        "enumValues": sum(enums) / len(types),
        "ofType": _WRAPPED,
        _TYPE: max(len(one.fields) for one in objects) / (len(fields) / len(types)),
    }


def _introspected(
    document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """Yield the fields `__schema` and `__type` at the roots of the operations."""
    pending: list[SelectionNode] = [
        node
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for node in definition.selection_set.selections
    ]
    while pending:
        node = pending.pop()
        if isinstance(node, FieldNode):
            if node.name.value in (_SCHEMA, _TYPE):
                yield node
            continue
        below = _selected(node, fragments)
        if below is not None:
            pending += below.selections


def _selected(
    node: SelectionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> SelectionSetNode | None:
    if isinstance(node, FragmentSpreadNode):
        return fragments[node.name.value].selection_set
    if isinstance(node, FieldNode | InlineFragmentNode):
        return node.selection_set
    return None
