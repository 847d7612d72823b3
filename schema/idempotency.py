"""Idempotency keys: where a request has one, and how it is told that its answer is not new."""

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
from server.batches.idempotency.key import KEYS_LAST, LONGEST_KEY, idempotency_key
from server.domain.errors import BadInput

HEADER = "Idempotency-Key"
ABOUT_KEYS = (
    f"A key is 1 to {LONGEST_KEY} printable ASCII characters and is kept {KEYS_LAST.days} days. A request with a key that "
    "was used before does nothing and gets the first answer again, with `extensions: {idempotentReplay: true}`; if the "
    "first was interrupted, what is missing is done. The same key with other content is `IDEMPOTENCY_KEY_REUSED`; while "
    "the first is still being answered it is `IDEMPOTENCY_KEY_IN_USE`."
)
IdempotencyKey = Annotated[
    str | None,
    strawberry.argument(
        description=f"Makes it safe to send the request again. {ABOUT_KEYS} The HTTP header `{HEADER}` does the same "
        "for a request with one mutation."
    ),
]


def key_of(context: Context, argument: str | None) -> str | None:
    """The key of a mutation, by its argument or by the request's header; None if it has none.

    Raises:
        BadInput: it is not one, or the two are different.
    """
    header, own = context.header_key, or_none(argument)
    if own is None:
        return None if header is None else idempotency_key(header, f"The header {HEADER}")
    if header not in (None, own):
        raise BadInput(f"idempotencyKey and the header {HEADER} are different: send one of them.")
    return idempotency_key(own, "idempotencyKey")


class Idempotency(SchemaExtension):
    """Gives an operation a context of its own, refuses a header that could mean several mutations,
    and marks an answer that was given before."""

    @override
    def on_operation(self) -> Iterator[None]:
        if self._context:
            self.execution_context.context = self._context.for_an_operation()
        yield

    @override
    def on_execute(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        if document and self._context and self._context.header_key is not None:
            _refuse_several(document, self.execution_context.operation_name)
        yield

    @override
    def get_results(self) -> dict[str, Any]:
        return {"idempotentReplay": True} if self._context and self._context.is_replay else {}

    @property
    def _context(self) -> Context | None:
        """None where nothing is resolved, as for the schema itself."""
        context: Context | None = self.execution_context.context
        return context


def _refuse_several(document: DocumentNode, operation_name: str | None) -> None:
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is not OperationType.MUTATION:
        return
    fragments = {
        one.name.value: one.selection_set
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    count = len(set(_answers(operation.selection_set, fragments)))
    if count > 1:
        raise BadInput(
            f"The header {HEADER} is for a request with one mutation, and this one has {count}: "
            "give each its own argument idempotencyKey."
        )


def _answers(selected: SelectionSetNode, fragments: dict[str, SelectionSetNode]) -> Iterator[str]:
    """What the fields are called in the answer. Fields of one name are one field.

    So each fragment counts once, which is taken out of `fragments` then.
    """
    for one in selected.selections:
        if isinstance(one, FieldNode):
            if one.name.value != "__typename":
                yield (one.alias or one.name).value
        elif isinstance(one, InlineFragmentNode):
            yield from _answers(one.selection_set, fragments)
        elif isinstance(one, FragmentSpreadNode) and one.name.value in fragments:
            yield from _answers(fragments.pop(one.name.value), fragments)
