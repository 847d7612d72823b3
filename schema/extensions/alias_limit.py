"""The limit on the aliases of a request. Counting takes time in proportion to the text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

# Each fragment can double the count, so that thousands of fragments would give a number like 2^1000.
COUNTED_UP_TO: Final = 1_000_000


@dataclass(slots=True)
class _Contents:
    """Hold the aliases and spreads of one definition, without those of the fragments it spreads."""

    aliases: int = 0
    spreads: Counter[str] = field(default_factory=Counter)


def alias_rule(allowed: int) -> type[ValidationRule]:
    """Return a validation rule that refuses a document with more than `allowed` aliases."""

    class AliasLimit(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            found = count_aliases(context.document)
            if found > allowed:
                shown = f"More than {COUNTED_UP_TO}" if found > COUNTED_UP_TO else str(found)
                context.report_error(GraphQLError(f"{shown} aliases found. Allowed: {allowed}"))

    return AliasLimit


def count_aliases(document: DocumentNode) -> int:
    """Return the number of aliased fields of all operations together, at most `COUNTED_UP_TO` + 1.

    A fragment counts as often as it is spread, but is read once. A spread that closes a cycle adds
    nothing: another rule refuses the document.
    """
    fragments = {
        definition.name.value: _contents(definition)
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    counts: dict[str, int] = {}
    for name in _innermost_first(fragments):
        counts[name] = _total(fragments[name], counts)
    operations = (
        _total(_contents(definition), counts)
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
    return min(sum(operations), COUNTED_UP_TO + 1)


def _contents(definition: ExecutableDefinitionNode) -> _Contents:
    contents = _Contents()
    pending: list[SelectionSetNode] = [definition.selection_set]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                contents.spreads[selection.name.value] += 1
                continue
            if isinstance(selection, FieldNode) and selection.alias:
                contents.aliases += 1
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set)
    return contents


def _total(contents: _Contents, counts: dict[str, int]) -> int:
    """Return the number of aliases in a definition, those of the fragments that it spreads included.

    `counts` has the number for each of these fragments.
    """
    spread = (counts.get(name, 0) * times for name, times in contents.spreads.items())
    return min(contents.aliases + sum(spread), COUNTED_UP_TO + 1)


def _innermost_first(fragments: dict[str, _Contents]) -> Iterator[str]:
    """Yield each fragment's name after the names that it spreads, except within a cycle.

    The stack is a list, because a chain of fragments can be longer than Python's call stack.
    """
    entered: set[str] = set()
    pending = [(name, False) for name in fragments]
    while pending:
        name, spreads_are_done = pending.pop()
        if spreads_are_done:
            yield name
        elif name in fragments and name not in entered:
            entered.add(name)
            pending.append((name, True))
            pending += [(spread, False) for spread in fragments[name].spreads]
