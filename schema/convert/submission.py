"""What is sent of a batch that is to be done in the background."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from schema.convert.arguments import from_expire_in, from_product_ids
from server.batch.create import CreateProducts
from server.batch.delete import DeleteProducts
from server.batch.discontinue import Discontinue
from server.batch.operation import StoredOperation
from server.batch.price import UpdatePrice
from server.batch.stock import UpdateStock
from server.batch.update import UpdateProducts
from server.domain.errors import BadInput
from server.domain.item_result import Input
from server.domain.options import DEFAULT_BATCH_SIZE, BatchOptions
from server.domain.price import new_price


class Submission(NamedTuple):
    """What is to be done in the background, with which items, and how."""

    operation: StoredOperation
    inputs: Sequence[Input]
    options: BatchOptions


_OPERATIONS: dict[str, Callable[[Input], StoredOperation]] = {
    "updateStock": lambda _sent: UpdateStock(),
    "discontinueProducts": lambda _sent: Discontinue(),
    "updatePrice": lambda sent: UpdatePrice(new_price(sent["newPrice"])),
    "createProducts": lambda sent: CreateProducts(from_expire_in(sent.get("expireIn"))),
    "updateProducts": lambda sent: UpdateProducts(from_expire_in(sent.get("expireIn"))),
    "deleteProducts": lambda sent: DeleteProducts(cascade=bool(sent.get("cascadeDelete"))),
}


def from_operation(sent: Input) -> Submission:
    """A `BatchOperationInput`, which has exactly one of its fields.

    Raises:
        BadInput: what holds for the whole batch is wrong; the message says what.
    """
    ((name, batch),) = sent.items()
    try:
        operation = _OPERATIONS[name](batch)
        options = BatchOptions(batch_size=_batch_size(batch))
    except BadInput as error:
        place = f"operation.{name}"  # the same rules hold for options of other mutations
        raise BadInput(f"{place}.{str(error).removeprefix('options.')}") from error
    return Submission(operation, _inputs(operation.argument, batch), options)


def _batch_size(batch: Input) -> int:
    size: int | None = batch.get("batchSize")
    return DEFAULT_BATCH_SIZE if size is None else size


def _inputs(argument: str, batch: Input) -> Sequence[Input]:
    sent: Sequence[Any] = batch[argument]
    return from_product_ids(sent) if argument == "productIds" else sent
