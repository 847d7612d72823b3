"""Read the text of a request: parse it, check its size, and validate it.

A frontend sends the same few texts with other variables, so a text is read once and kept, unless it
is long. Whatever could take more than a few milliseconds is read in a thread: 15 000 tokens take
0.2 s, in which others want answers.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    UniqueFragmentNamesRule,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import MaxIntrospectionDepthRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.context import Context, hides_suggestions, read_beside
from schema.limits.document_size import has_cycle, size_fault
from schema.limits.introspection import Introspection

MOST_TOKENS: Final = 15_000
MOST_CHARACTERS: Final = 500_000
MOST_LINES: Final = 20_000  # each error counts them up to its place, which takes 0.1 µs a line
_MOST_ERRORS = 5  # to find in a document: 60 000 unknown fields take 2 s if all are looked at
_LONGEST_KEPT = 10_000  # characters: a longer text holds a whole batch, and does not come again
_KEPT = 128  # texts
_READ_AT_ONCE = 500  # characters: the worst text of this length takes some 5 ms, one of 2 000 100
_MOST_DIGITS = 1_000  # of a number; Python's own limit is 4 300
_DIGITS = re.compile(r"[0-9]+")

_ITEMS_BELONG_IN_VARIABLES = "Send items in variables, which do not count."
_RULES = (
    *specified_rules,
    MaxIntrospectionDepthRule,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)
# The rule for cycles looks at one fragment of each name, so names must be unique as well.
_RULES_OF_A_CYCLE = (UniqueFragmentNamesRule, NoFragmentCyclesRule)


@dataclass(frozen=True, slots=True)
class FaultyText(Exception):
    """The text cannot be executed. `document` is None if it could not be parsed."""

    errors: tuple[GraphQLError, ...]
    document: DocumentNode | None = None


class Texts:
    """Parses and validates the texts of requests for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._introspection = Introspection(schema)
        self._kept: OrderedDict[str, DocumentNode] = OrderedDict()

    async def read(self, text: str, context: Context | None = None) -> DocumentNode:
        """Return the document of a valid text. Others are served while a long one is read.

        Raises:
            FaultyText: it is too long or too large, or has faults, of which it names the first few.
            Overloaded: too much waits to be read.
        """
        _check_length(text)
        known = self._kept.get(text) if is_short(text) else None
        if known is not None:
            self._kept.move_to_end(text)
            return known
        read = partial(self._read, text, hide_suggestions=hides_suggestions(context))
        is_long = len(text) > _READ_AT_ONCE
        document = await read_beside(context, read) if is_long else read()
        if is_short(text):
            self._kept[text] = document
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return document

    def _read(self, text: str, *, hide_suggestions: bool) -> DocumentNode:
        _check_digits(text)
        document = _parsed(text)
        fault = size_fault(document)
        errors = [fault] if fault else self._faults(document, hide_suggestions=hide_suggestions)
        if errors:
            raise FaultyText(tuple(errors), document)
        return document

    def _faults(self, document: DocumentNode, *, hide_suggestions: bool) -> Sequence[GraphQLError]:
        rules = _RULES_OF_A_CYCLE if has_cycle(document) else _RULES
        errors = validate(
            self._schema, document, rules, _MOST_ERRORS, hide_suggestions=hide_suggestions
        )
        if errors:
            return errors
        fault = self._introspection.fault(document)
        return [fault] if fault else []


def is_short(text: str) -> bool:
    """Return whether the text may be kept."""
    return len(text) <= _LONGEST_KEPT


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_lexical_tokens=MOST_TOKENS)
    except GraphQLSyntaxError as error:
        if f"more than {MOST_TOKENS} tokens" in error.message:
            raise FaultyText((_too_many_tokens(),)) from error
        raise FaultyText((error,)) from error
    except RecursionError as error:
        too_deep = GraphQLError("The query was not executed: it is nested too deeply.")
        raise FaultyText((too_deep,)) from error


def _check_length(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise FaultyText((_too_long(len(text), "characters", MOST_CHARACTERS),))
    if len(text) > MOST_LINES:
        lines = 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
        if lines > MOST_LINES:
            raise FaultyText((_too_long(lines, "lines", MOST_LINES),))


def _check_digits(text: str) -> None:
    if len(text) > _MOST_DIGITS and any(
        found.end() - found.start() > _MOST_DIGITS for found in _DIGITS.finditer(text)
    ):
        message = f"The text of the query has a number of more than {_MOST_DIGITS} digits."
        raise FaultyText((GraphQLError(message),))


def _too_long(found: int, what: str, most: int) -> GraphQLError:
    return GraphQLError(
        f"The text of the query has {found} {what}: at most {most} are allowed. "
        f"{_ITEMS_BELONG_IN_VARIABLES}"
    )


def _too_many_tokens() -> GraphQLError:
    return GraphQLError(
        f"The text of the query has more than {MOST_TOKENS} tokens (names, numbers and signs). "
        f"{_ITEMS_BELONG_IN_VARIABLES}"
    )
