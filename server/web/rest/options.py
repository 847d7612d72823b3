"""What is said of a whole batch: the options of a JSON body, or the parameters of a stream."""

from collections.abc import Mapping
from typing import Any

from server.domain.errors import quoted
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE, BatchOptions
from server.domain.whole_number import not_whole, whole_number
from server.kinds.kind import BatchWork
from server.kinds.kind_option import read_settings
from server.web.rest.csv_rows import READERS
from server.web.rest.kind import BATCH_SIZE, RestKind


def read_work(
    kind: RestKind, sent: Mapping[str, Any], faults: list[str]
) -> BatchWork[Any, Any] | None:
    """Return the work of the batch; None if an option is wrong, and then `faults` says why."""
    faults_before = len(faults)
    settings = read_settings(kind.kind.options, sent, faults)
    return kind.kind.work(settings) if len(faults) == faults_before else None


def read_batch_options(sent: Mapping[str, Any], faults: list[str]) -> BatchOptions:
    """Return the options that every kind has; what is wrong with them is in `faults`.

    Null is the same as left out.
    """
    size = sent.get(BATCH_SIZE)
    if size is None:
        return BatchOptions()
    whole = whole_number(size, least=1, most=MAX_BATCH_SIZE)
    if whole is None:
        fault = not_whole(size, least=1, most=MAX_BATCH_SIZE)
        faults.append(f"{BATCH_SIZE} {fault}. Leave it out for {DEFAULT_BATCH_SIZE}.")
    return BatchOptions(batch_size=whole or DEFAULT_BATCH_SIZE)


def from_query(kind: RestKind, query: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """Return the parameters as the values that a JSON body would have."""
    known = ", ".join(kind.options)
    faults += [
        f"There is no parameter {quoted(name)}: there may be {known}."
        for name in query
        if name not in kind.options
    ]
    return {
        name: READERS[kind.options[name]](text)
        for name, text in query.items()
        if text and name in kind.options
    }
