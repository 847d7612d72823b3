"""What is sent of a batch that is to be run in the background."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from schema.convert.arguments import from_product_ids
from server.domain.errors import BadInput
from server.domain.item_result import Input
from server.domain.options import DEFAULT_BATCH_SIZE, BatchOptions
from server.kinds.kind import BatchKind, BatchWork
from server.kinds.kind_option import read_settings
from server.kinds.registry import KINDS


class Submission(NamedTuple):
    """The work of a batch, its items, and its options."""

    work: BatchWork[Any, Any]
    inputs: Sequence[Input]
    options: BatchOptions


def from_operation(sent: Input) -> Submission:
    """Return what a `BatchOperationInput` asks for. It has exactly one field, named after a kind.

    Raises:
        BadInput: an option of the batch is wrong; the message says which.
    """
    ((name, batch),) = sent.items()
    kind = KINDS[name]
    faults: list[str] = []
    settings = read_settings(kind.options, batch, faults)
    if faults:
        raise BadInput(f"operation.{name}.{faults[0]}")
    return Submission(kind.work(settings), _inputs(kind, batch), _options(name, batch))


def _options(name: str, batch: Input) -> BatchOptions:
    size: int | None = batch.get("batchSize")
    try:
        return BatchOptions(batch_size=DEFAULT_BATCH_SIZE if size is None else size)
    except BadInput as error:  # the same rule holds for the options of other mutations
        raise BadInput(f"operation.{name}.{str(error).removeprefix('options.')}") from error


def _inputs(kind: BatchKind, batch: Input) -> Sequence[Input]:
    sent: Sequence[Any] = batch[kind.argument]
    return from_product_ids(sent) if kind.takes_ids else sent
