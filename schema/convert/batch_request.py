"""The options of a batch as the domain's `BatchRequest`: its work, its options, what its answer shows.

The keys of `answer_options` are the keyword arguments of the function in `answers` that makes the
answer. An idempotency key stands for them too, so their names are part of stored data.
"""

from collections.abc import Sequence
from typing import Any

from schema.convert.arguments import from_product_ids, or_default, or_none
from schema.inputs.options import (
    BatchCreateOptions,
    BatchDeleteOptions,
    BatchDiscontinueOptions,
    BatchStockOptions,
    BatchUpdateOptions,
)
from server.batches.request import BatchRequest
from server.domain.errors import BadInput
from server.domain.item_result import Input
from server.domain.options import DEFAULT_BATCH_SIZE, BatchOptions
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.kind import BatchKind, BatchWork
from server.kinds.kind_option import read_settings
from server.kinds.registry import KINDS
from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK


def from_stock_options(options: BatchStockOptions | None) -> BatchRequest:
    """Return the request of `batchUpdateStock`."""
    options = options or BatchStockOptions()
    return BatchRequest(work=UPDATE_STOCK.work(), options=_stock_options(options))


def from_discontinue_options(options: BatchDiscontinueOptions | None) -> BatchRequest:
    """Return the request of `batchDiscontinueProducts`."""
    options = options or BatchDiscontinueOptions()
    return BatchRequest(work=DISCONTINUE_PRODUCTS.work(), options=_stock_options(options))


def from_create_options(options: BatchCreateOptions | None) -> BatchRequest:
    """Return the request of `batchCreateProducts`."""
    options = options or BatchCreateOptions()
    return BatchRequest(
        work=_work(CREATE_PRODUCTS, {"expireIn": or_none(options.expire_in)}),
        options=_write_options(options, validate=or_default(options.validate_before_write, True)),
        answer_options={"partial_results": or_default(options.return_partial_results, False)},
    )


def from_update_options(options: BatchUpdateOptions | None) -> BatchRequest:
    """Return the request of `batchUpdateProducts`."""
    options = options or BatchUpdateOptions()
    return BatchRequest(
        work=_work(UPDATE_PRODUCTS, {"expireIn": or_none(options.expire_in)}),
        options=_write_options(options, validate=or_default(options.validate_before_write, True)),
        answer_options={"partial_results": or_default(options.return_partial_results, False)},
    )


def from_delete_options(options: BatchDeleteOptions | None) -> BatchRequest:
    """Return the request of `batchDeleteProducts`."""
    options = options or BatchDeleteOptions()
    return BatchRequest(
        work=_work(DELETE_PRODUCTS, {"cascadeDelete": or_none(options.cascade_delete)}),
        options=_write_options(options, validate=False),
        answer_options={
            "deleted_items": or_default(options.return_deleted_items, False),
            "partial_results": or_default(options.return_partial_results, False),
        },
    )


def from_operation(
    operation: Input, idempotency_key: str | None
) -> tuple[BatchRequest, Sequence[Input]]:
    """Return the request of a `BatchOperationInput`, and its items.

    The input has exactly one field, which is named after a kind.

    Raises:
        BadInput: an option of the batch is invalid.
    """
    ((name, batch),) = operation.items()
    kind, place = KINDS[name], f"operation.{name}"
    request = BatchRequest(
        work=_work(kind, batch, place),
        options=_background_options(batch, place),
        key=idempotency_key,
    )
    items: Sequence[Any] = batch[kind.argument]
    return request, from_product_ids(items) if kind.takes_ids else items


def _stock_options(options: BatchStockOptions | BatchDiscontinueOptions) -> BatchOptions:
    return BatchOptions(
        atomic=or_default(options.atomic, False),
        batch_size=or_default(options.batch_size, DEFAULT_BATCH_SIZE),
        dry_run=or_default(options.dry_run, False),
    )


def _write_options(
    options: BatchCreateOptions | BatchUpdateOptions | BatchDeleteOptions, *, validate: bool
) -> BatchOptions:
    return BatchOptions(
        atomic=or_default(options.atomic, True),
        continue_on_error=or_default(options.continue_on_error, False),
        validate_before_write=validate,
        batch_size=or_default(options.batch_size, DEFAULT_BATCH_SIZE),
        dry_run=or_default(options.dry_run, False),
    )


def _background_options(batch: Input, place: str) -> BatchOptions:
    size, dry_run = batch.get("batchSize"), batch.get("dryRun")
    try:
        return BatchOptions(
            batch_size=DEFAULT_BATCH_SIZE if size is None else size, dry_run=bool(dry_run)
        )
    except BadInput as error:  # its message names the option of a synchronous mutation
        raise BadInput(f"{place}.{str(error).removeprefix('options.')}") from error


def _work(kind: BatchKind, sent: Input, place: str = "options") -> BatchWork[Any, Any]:
    """Return the work of a batch, whose own options are in `sent` under the names of the kind.

    Raises:
        BadInput: an option is invalid; the message begins with its `place`.
    """
    faults: list[str] = []
    settings = read_settings(kind.options, sent, faults)
    if faults:
        raise BadInput(f"{place}.{faults[0]}")
    return kind.work(settings)
