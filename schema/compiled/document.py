"""A validated document with the operation that a request executes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    visit,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from schema.compiled.completing import Collect
from schema.compiled.reading import Uncompilable

_KNOWN_DIRECTIVES = ("skip", "include")


@dataclass(frozen=True, slots=True)
class Document:
    """An operation and the fragments beside it.

    `conditions` are the variables that decide which fields are selected.
    """

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()

    @property
    def fragment_definitions(self) -> dict[str, FragmentDefinitionNode]:
        """Return the fragments as executors take them."""
        return {name: fragment.definition for name, fragment in self.fragments.items()}

    @property
    def root_type(self) -> GraphQLObjectType:
        """Return the type of the operation."""
        root_type = self.schema.get_root_type(self.operation.operation)
        if root_type is None:
            raise Uncompilable
        return root_type

    def root_fields(self, values: VariableValues) -> GroupedFieldSet:
        """Return the selected root fields."""
        return collect_fields(
            self.schema, self.fragments, values, self.root_type, self.operation
        ).grouped_field_set

    def collector(self, values: VariableValues) -> Collect:
        """Return the function that returns the selected fields of an object."""

        def collect(type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
            return collect_subfields(
                self.schema, self.fragments, values, self.operation, type_, details
            ).grouped_field_set

        return collect


def document_of(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None
) -> Document:
    """Return the operation of that name; without a name, the only one.

    Raises:
        Uncompilable: there is no such operation, or a directive could change what it does.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.directives:
        raise Uncompilable
    fragments = _fragments(document)
    if any(fragment.definition.variable_definitions for fragment in fragments.values()):
        raise Uncompilable
    if len(root_nodes(document, operation)) != 1:
        raise Uncompilable
    conditions = _Conditions()
    visit(operation, conditions)
    for fragment in fragments.values():
        visit(fragment.definition, conditions)
    return Document(schema, operation, fragments, tuple(sorted(conditions.names)))


def stock_document(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None
) -> Document | None:
    """Return the query or mutation that the stock executor executes; None if it is neither."""
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is OperationType.SUBSCRIPTION:
        return None
    return Document(schema, operation, _fragments(document))


def _fragments(document: DocumentNode) -> dict[str, FragmentDetails]:
    return {
        node.name.value: FragmentDetails(node)
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }


def root_nodes(
    document: DocumentNode, operation: OperationDefinitionNode
) -> dict[str, list[FieldNode]]:
    """Return the root fields by their names in the answer, also those that `@skip` leaves out."""
    fragments = {
        node.name.value: node.selection_set
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    nodes: dict[str, list[FieldNode]] = {}
    for node in _root_nodes(operation.selection_set, fragments):
        nodes.setdefault(response_name(node), []).append(node)
    return nodes


def response_name(node: FieldNode) -> str:
    """Return the name of a field in the answer."""
    return (node.alias or node.name).value


def _root_nodes(
    selected: SelectionSetNode, fragments: dict[str, SelectionSetNode]
) -> Iterator[FieldNode]:
    """Yield the root fields. A fragment that has been read is taken out of `fragments`."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _root_nodes(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
            yield from _root_nodes(fragments.pop(node.name.value), fragments)


class _Conditions(Visitor):
    """Finds the variables of `@skip` and `@include`."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value not in _KNOWN_DIRECTIVES:
            raise Uncompilable
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)
