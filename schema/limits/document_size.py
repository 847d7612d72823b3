"""The size of a document once its fragments are written out.

graphql-core's rules compare each field with all others of its name, so a small document can cost them
seconds. Counting takes time in proportion to the text: each definition is read once.
"""

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
)

MOST_ALIASES: Final = 15  # each can stand for a mutation with a whole batch
MOST_SELECTIONS: Final = 2_000  # fields and fragments; the introspection of GraphiQL has 200
MOST_DIRECTIVES: Final = 200
MOST_PAIRS: Final = 20_000  # of fields with the same name; graphql-core takes some 4 µs for each
MOST_DEFINITIONS: Final = 200  # each pair of fragments in one place is compared as well

# Each fragment can double a count, so that thousands of fragments would give a number like 2^1000.
COUNTED_UP_TO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """How much a document has, fragments counted as often as they are spread."""

    aliases: int = 0
    selections: int = 0
    directives: int = 0

    def plus(self, other: "DocumentSize", times: int = 1) -> "DocumentSize":
        """Return the sum, each number at most `COUNTED_UP_TO` + 1."""
        return DocumentSize(
            min(self.aliases + other.aliases * times, COUNTED_UP_TO + 1),
            min(self.selections + other.selections * times, COUNTED_UP_TO + 1),
            min(self.directives + other.directives * times, COUNTED_UP_TO + 1),
        )


@dataclass(slots=True)
class _Contents:
    """Hold what one definition has itself, and how often it spreads which fragment."""

    size: DocumentSize
    spreads: Counter[str] = field(default_factory=Counter)


def size_fault(document: DocumentNode) -> GraphQLError | None:
    """Return why a document is too large to be validated; None if it is not."""
    if len(document.definitions) > MOST_DEFINITIONS:
        return _too_many("operations and fragments", len(document.definitions), MOST_DEFINITIONS)
    size = size_of(document)
    for what, found, most in (
        ("aliases", size.aliases, MOST_ALIASES),
        ("fields and fragments", size.selections, MOST_SELECTIONS),
        ("directives", size.directives, MOST_DIRECTIVES),
    ):
        if found > most:
            return _too_many(what, found, most)
    pairs = pairs_to_compare(document)
    if pairs > MOST_PAIRS:
        return _too_many("pairs of fields with the same name", pairs, MOST_PAIRS)
    return None


def size_of(document: DocumentNode) -> DocumentSize:
    """Return the size of all operations together, and of the fragments that none of them spreads.

    A fragment is read once. A spread that closes a cycle adds nothing: another rule refuses the
    document.
    """
    fragments = _fragments(document)
    contents = {name: _contents(found) for name, found in fragments.items()}
    sizes: dict[str, DocumentSize] = {}
    for name in _innermost_first(contents):
        sizes[name] = _total(contents[name], sizes)
    total = DocumentSize()
    for root in _roots(document):
        name = root.name.value if root.name else ""
        is_known = root is fragments.get(name)
        total = total.plus(sizes[name] if is_known else _total(_contents(root), sizes))
    return total


def has_cycle(document: DocumentNode) -> bool:
    """Return whether a fragment spreads itself, directly or through others."""
    contents = {name: _contents(found) for name, found in _fragments(document).items()}
    done: set[str] = set()
    for name in _innermost_first(contents):
        if contents[name].spreads.keys() & contents.keys() - done:
            return True
        done.add(name)
    return False


def pairs_to_compare(document: DocumentNode) -> int:
    """Return how many pairs of fields stand at the same place in an answer, at most.

    Fragments are written out, so the document's size must have been checked before. With a cycle
    there is nothing to compare: another rule refuses the document.
    """
    if has_cycle(document):
        return 0
    fragments = _fragments(document)
    return sum(_pairs(root.selection_set, fragments) for root in _roots(document))


def _pairs(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    """Return the number of pairs below one definition."""
    pairs = 0
    pending = [[selected]]
    while pending:
        fields = _fields_by_name(pending.pop(), fragments)
        for nodes in fields.values():
            pairs += len(nodes) * (len(nodes) - 1) // 2
            below = [node.selection_set for node in nodes if node.selection_set]
            if below:
                pending.append(below)
    return pairs


def _fields_by_name(
    selected: list[SelectionSetNode], fragments: dict[str, FragmentDefinitionNode]
) -> dict[str, list[FieldNode]]:
    """Return the fields of one place in an answer."""
    fields: dict[str, list[FieldNode]] = {}
    pending = list(selected)
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
                pending.append(fragments[node.name.value].selection_set)
    return fields


def _roots(document: DocumentNode) -> Iterator[ExecutableDefinitionNode]:
    """Yield the operations, and the fragments that no definition but themselves may reach.

    Of several fragments with one name, spreads mean the last. The others are never reached.
    """
    fragments = _fragments(document)
    reached: set[str] = set()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            yield definition
            _reach(definition, fragments, reached)
    for definition in document.definitions:
        if not isinstance(definition, FragmentDefinitionNode):
            continue
        name = definition.name.value
        if definition is not fragments[name] or name not in reached:
            yield definition
            _reach(definition, fragments, reached)


def _reach(
    root: ExecutableDefinitionNode,
    fragments: dict[str, FragmentDefinitionNode],
    reached: set[str],
) -> None:
    """Add to `reached` the name of every fragment that the definition spreads."""
    pending = [root]
    while pending:
        for name in _contents(pending.pop()).spreads:
            if name in fragments and name not in reached:
                reached.add(name)
                pending.append(fragments[name])


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def _contents(definition: ExecutableDefinitionNode) -> _Contents:
    aliases, selections, directives = 0, 0, len(definition.directives or ())
    spreads: Counter[str] = Counter()
    pending: list[SelectionSetNode] = [definition.selection_set]
    while pending:
        for selection in pending.pop().selections:
            selections += 1
            directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                spreads[selection.name.value] += 1
                continue
            if isinstance(selection, FieldNode) and selection.alias:
                aliases += 1
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set)
    return _Contents(DocumentSize(aliases, selections, directives), spreads)


def _total(contents: _Contents, sizes: dict[str, DocumentSize]) -> DocumentSize:
    """Return the size of a definition, with those of the fragments that it spreads in `sizes`."""
    total = contents.size
    for name, times in contents.spreads.items():
        total = total.plus(sizes.get(name, DocumentSize()), times)
    return total


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


def _too_many(what: str, found: int, most: int) -> GraphQLError:
    shown = f"more than {COUNTED_UP_TO}" if found > COUNTED_UP_TO else str(found)
    return GraphQLError(
        f"The query has {shown} {what}, fragments written out: at most {most} are allowed. "
        "Ask for less, or in several requests."
    )
