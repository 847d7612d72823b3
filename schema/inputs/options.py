"""The options of the synchronous batches."""

import strawberry
from strawberry import UNSET

from server.domain.expiry import LONGEST_EXPIRY_MS
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE

_CHUNK_SIZE = f"Number of items per chunk, 1 to {MAX_BATCH_SIZE}. Default: {DEFAULT_BATCH_SIZE}."
_SAME_CHUNK = "of one product stay in one chunk, so a product with more items than `batchSize` makes its chunk larger."
_NO_CHUNKS = "Has no effect with `atomic`."
_CONTINUE_ON_ERROR = (
    "Whether the batch goes on when an item fails. True: the items that failed are left out and the others are applied; "
    "with `atomic` the others still take effect all together or not at all. False, with `atomic`: nothing is applied; all "
    "items at fault are reported, and the others fail with `ROLLED_BACK`. False, without `atomic`: the items before the first "
    "failure stay applied, and the items after it fail with `NOT_ATTEMPTED`. "
)
_EXPIRE_IN = (
    f"Time until the products expire, in milliseconds from now: a whole number from 1 to {LONGEST_EXPIRY_MS}. An expired "
    "product disappears together with its ledger rows (`stockUpdates`). "
)

_STOCK_ATOMIC = strawberry.field(
    default=UNSET,
    description="Whether the whole request is one transaction. True: all or nothing; an item that fails is reported, and every "
    "other item fails with `ROLLED_BACK`. At most 5 000 items, unless the server is set up otherwise; more are refused with "
    "`BATCH_TOO_LARGE`. Default: false, one transaction per chunk.",
)
_STOCK_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"{_CHUNK_SIZE} Items {_SAME_CHUNK} {_NO_CHUNKS}",
)
_ATOMIC = strawberry.field(
    default=UNSET,
    description="Whether the whole request is one transaction. True: one transaction of at most 5 000 items, unless the "
    "server is set up otherwise; more are refused with `BATCH_TOO_LARGE`. False: one transaction per chunk. Default: true.",
)
_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"{_CHUNK_SIZE} With `continueOnError`, items {_SAME_CHUNK} Without it, "
    f"the chunks are cut in input order, and a dry run is one chunk. {_NO_CHUNKS}",
)
_DRY_RUN = strawberry.field(
    default=UNSET,
    description="Whether to run the batch without keeping its changes. True: everything runs and is rolled back; the answer "
    "is what it would have been. Default: false.",
)
_CREATE_CONTINUE_ON_ERROR = strawberry.field(
    default=UNSET,
    description=_CONTINUE_ON_ERROR
    + "An id that a product already has is a failure. Default: false.",
)
_CONTINUE_ON_ERROR_BY_ID = strawberry.field(
    default=UNSET,
    description=_CONTINUE_ON_ERROR + "A product that does not exist is a failure. Default: false.",
)
_RETURN_PARTIAL_RESULTS = strawberry.field(
    default=UNSET,
    description="Whether to return the products that succeeded when other items failed. True: they are returned. Counts and "
    "failures are always returned. Default: false.",
)
_VALIDATE_BEFORE_WRITE = strawberry.field(
    default=UNSET,
    description="Whether to check the fields of the whole batch before anything is written. True: all fields are checked "
    "first; if one is invalid and both `atomic` and `continueOnError` are false, nothing is written. False: the fields of "
    "each chunk are checked when it is written. Default: true.",
)
_CREATE_EXPIRE_IN = strawberry.field(
    default=UNSET, description=_EXPIRE_IN + "Default: the products do not expire."
)
_UPDATE_EXPIRE_IN = strawberry.field(
    default=UNSET,
    description=_EXPIRE_IN + "Default: each product keeps the expiry that it has, if any.",
)


@strawberry.input(description="Options of `batchUpdateStock`.")
class BatchStockOptions:
    atomic: bool | None = _STOCK_ATOMIC
    batch_size: int | None = _STOCK_BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="Options of `batchDiscontinueProducts`.")
class BatchDiscontinueOptions:
    atomic: bool | None = _STOCK_ATOMIC
    batch_size: int | None = _STOCK_BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="Options of `batchCreateProducts`.")
class BatchCreateOptions:
    atomic: bool | None = _ATOMIC
    continue_on_error: bool | None = _CREATE_CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    validate_before_write: bool | None = _VALIDATE_BEFORE_WRITE
    batch_size: int | None = _BATCH_SIZE
    expire_in: float | None = _CREATE_EXPIRE_IN
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="Options of `batchUpdateProducts`.")
class BatchUpdateOptions:
    atomic: bool | None = _ATOMIC
    continue_on_error: bool | None = _CONTINUE_ON_ERROR_BY_ID
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    validate_before_write: bool | None = _VALIDATE_BEFORE_WRITE
    batch_size: int | None = _BATCH_SIZE
    expire_in: float | None = _UPDATE_EXPIRE_IN
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="Options of `batchDeleteProducts`.")
class BatchDeleteOptions:
    atomic: bool | None = _ATOMIC
    continue_on_error: bool | None = _CONTINUE_ON_ERROR_BY_ID
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    return_deleted_items: bool | None = strawberry.field(
        default=UNSET,
        description="Whether to return the deleted products. True: they are returned as they were before. Default: false, "
        "they are only counted.",
    )
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="Whether to delete the ledger rows (`stockUpdates`) of all products of the batch. True: they are deleted "
        "with their products, at most 100 000 in one transaction. Default: false, only those of items with `cascadeDelete`.",
    )
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN
