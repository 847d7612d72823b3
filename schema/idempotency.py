"""Idempotency keys in GraphQL: where a request may have one, and the mark of a repeated answer."""

from collections.abc import Iterator
from typing import Annotated, Any

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
)
from strawberry.extensions import SchemaExtension
from typing_extensions import override

from schema.context import Context
from schema.convert.arguments import or_none
from server.batches.idempotency.key import HEADER, KEYS_LAST, LONGEST_KEY, request_key
from server.domain.errors import BadInput

ABOUT_KEYS = (
    f"A key is 1 to {LONGEST_KEY} printable ASCII characters and is kept {KEYS_LAST.days} days. A request with a key that "
    "was used before changes nothing and gets the first answer again, with `extensions: {idempotentReplay: true}`; if the "
    "first request was interrupted, what is missing is done. The same key with other content is refused with "
    "`IDEMPOTENCY_KEY_REUSED`, and while the first request is still being answered with `IDEMPOTENCY_KEY_IN_USE`."
)
IdempotencyKey = Annotated[
    str | None,
    strawberry.argument(
        description=f"Makes it safe to send the request again. {ABOUT_KEYS} The HTTP header `{HEADER}` does the same "
        "for a request with one mutation; over WebSocket the argument alone counts."
    ),
]


def key_of(context: Context, argument: str | None) -> str | None:
    """Return the key of a mutation, from its argument or the request's header; None without one.

    Raises:
        BadInput: it is no key, there are several headers, or header and argument differ.
    """
    return request_key(context.key_headers, or_none(argument))


def replay_mark(context: Context | None) -> dict[str, Any]:
    """Return the `extensions` of an answer: whether it was given before."""
    return {"idempotentReplay": True} if context and context.is_replay else {}


class Idempotency(SchemaExtension):
    """Give an operation a context of its own, refuse a header that several mutations might take,
    and mark an answer that was given before."""

    @override
    def on_operation(self) -> Iterator[None]:
        if self._context:
            self.execution_context.context = self._context.for_an_operation()
        yield

    @override
    def on_execute(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        if document and self._context and self._context.key_headers:
            _refuse_several(document, self.execution_context.operation_name)
        yield

    @override
    def get_results(self) -> dict[str, Any]:
        return replay_mark(self._context)

    @property
    def _context(self) -> Context | None:
        """Return the context; None where nothing is resolved, as for the schema itself."""
        context: Context | None = self.execution_context.context
        return context


def _refuse_several(document: DocumentNode, operation_name: str | None) -> None:
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is not OperationType.MUTATION:
        return
    fragments = {
        definition.name.value: definition.selection_set
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    count = len(set(_response_names(operation.selection_set, fragments)))
    if count > 1:
        raise BadInput(
            f"The header {HEADER} is for a request with one mutation, and this one has {count}: "
            "give each its own argument idempotencyKey."
        )


def _response_names(
    selected: SelectionSetNode, fragments: dict[str, SelectionSetNode]
) -> Iterator[str]:
    """Yield the name of each field in the answer. Fields of the same name are one field.

    A fragment that has been read is taken out of `fragments`, so each is read once.
    """
    for node in selected.selections:
        if isinstance(node, FieldNode):
            if node.name.value != "__typename":
                yield (node.alias or node.name).value
        elif isinstance(node, InlineFragmentNode):
            yield from _response_names(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
            yield from _response_names(fragments.pop(node.name.value), fragments)
