"""Variables that no plan has read: graphql-core reads them, and others need not wait for it.

Measured: 100 000 items of which the last one is faulty hold the event loop for 0.9 s, and one item
with 90 000 unknown names for 0.3 s, since each fault is worded with the whole value.
"""

from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import Any, Final

from graphql import ExecutionResult, GraphQLError
from graphql.execution.values import VariableValues, get_variable_values

from schema.compiled.document import Document
from schema.context import Context, hides_suggestions, read_beside

MOST_ERRORS: Final = 5  # as in a text
MOST_NAMES: Final = 100  # of an object that is worded; no input has as many
LONGEST: Final = 1_000  # characters of a text or a name that is worded
_AT_ONCE = 500  # values that are read without a thread: less than 5 ms


async def coerced(
    document: Document, sent: Mapping[str, Any], context: Context | None = None
) -> VariableValues | ExecutionResult:
    """Return the values of the variables, or the answer that says what is wrong with them.

    Raises:
        Overloaded: too much waits to be read.
    """
    names = {one.variable.name.value for one in document.operation.variable_definitions or ()}
    sent = {name: value for name, value in sent.items() if name in names}
    coerce = partial(_coerced, document, sent, hide_suggestions=hides_suggestions(context))
    if _weight(sent) <= _AT_ONCE:
        found = coerce()
    else:
        found = await read_beside(context, coerce)
    return found if isinstance(found, VariableValues) else ExecutionResult(None, found)


def _coerced(
    document: Document, sent: Mapping[str, Any], *, hide_suggestions: bool
) -> VariableValues | list[GraphQLError]:
    """Return the values, or what is wrong with them, in which long values are cut.

    What is cut was too long for any input, or is a text that may be valid: then it is read whole.
    """
    cut = _Cut()
    try:
        shown = {name: cut.value(value) for name, value in sent.items()}
    except RecursionError:
        return [GraphQLError("Variable values are nested too deeply.")]
    read = partial(_read, document, hide_suggestions=hide_suggestions)
    found = read(shown)
    return read(sent) if cut.texts and isinstance(found, VariableValues) else found


def _read(
    document: Document, sent: Any, *, hide_suggestions: bool
) -> VariableValues | list[GraphQLError]:
    return get_variable_values(
        document.schema,
        document.operation.variable_definitions or (),
        sent,
        max_errors=MOST_ERRORS,
        hide_suggestions=hide_suggestions,
    )


class _Cut:
    """Copies values, and cuts what makes them long to write down. `texts` counts cut texts."""

    def __init__(self) -> None:
        self.texts = 0

    def value(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST:
            self.texts += 1
            return value[:LONGEST]
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            some = islice(value.items(), MOST_NAMES + 1)
            return {name[:LONGEST]: self.value(one) for name, one in some}
        return value


def _weight(value: Any) -> int:
    """Return how much there is to read: the values, and the thousands of characters in them."""
    weight, pending = 0, [value]
    while pending and weight <= _AT_ONCE:
        one = pending.pop()
        weight += 1
        if isinstance(one, str):
            weight += len(one) // LONGEST
        elif isinstance(one, list):
            weight += max(len(one) - _AT_ONCE, 0)
            pending += one[:_AT_ONCE]
        elif isinstance(one, Mapping):
            weight += max(len(one) - _AT_ONCE, 0)
            pending += [*islice(one, _AT_ONCE), *islice(one.values(), _AT_ONCE)]
    return weight
