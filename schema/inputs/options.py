"""How a batch goes about it."""

import strawberry
from strawberry import UNSET

from server.domain.expiry import LONGEST_EXPIRY_MS
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE

_ATOMIC = strawberry.field(
    default=UNSET,
    description="True: the whole request is one transaction, all or nothing; if an item fails, it is "
    "named and every other one is `ROLLED_BACK`. At most 5 000 items, unless the server is set up "
    "otherwise. Default: false, one transaction per chunk.",
)
_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"Items per chunk, 1 to {MAX_BATCH_SIZE}. Default: {DEFAULT_BATCH_SIZE}. Items of one "
    "product stay together, so a product that is named more often makes its chunk larger. Without "
    "meaning if `atomic`.",
)
_WRITE_BATCH_SIZE = strawberry.field(
    default=UNSET,
    description=f"Items per chunk, 1 to {MAX_BATCH_SIZE}. Default: {DEFAULT_BATCH_SIZE}. With `continueOnError` items of "
    "one product stay together, so a product that is named more often makes its chunk larger; without it the chunks "
    "are cut as the items come, and a dry run is one chunk. Without meaning if `atomic`.",
)
_DRY_RUN = strawberry.field(
    default=UNSET,
    description="True: everything runs, and is rolled back; the answer is what it would have been. "
    "Default: false.",
)
_ATOMIC_WRITE = strawberry.field(
    default=UNSET,
    description="True: the whole request is one transaction, of at most 5 000 items unless the server is set up "
    "otherwise. False: one transaction per chunk. Default: true.",
)
_CONTINUE_ON_ERROR = (
    "True: items that fail are taken out and the others go on; with `atomic` the others still take effect "
    "all together or not at all. False: with `atomic` nothing takes effect, all culprits are named and the others "
    "are `ROLLED_BACK`; without it, what stands before the first failure stays, and what stands behind it is "
    "`NOT_ATTEMPTED`. "
)
_CREATE_CONTINUE_ON_ERROR = strawberry.field(
    default=UNSET,
    description=_CONTINUE_ON_ERROR
    + "An id that a product has already is a failure too. Default: false.",
)
_CHANGE_CONTINUE_ON_ERROR = strawberry.field(
    default=UNSET,
    description=_CONTINUE_ON_ERROR
    + "A product that does not exist is a failure too. Default: false.",
)
_RETURN_PARTIAL_RESULTS = strawberry.field(
    default=UNSET,
    description="True: the products that succeeded are returned even if others failed. Counts and failures always "
    "are. Default: false.",
)
_VALIDATE_BEFORE_WRITE = strawberry.field(
    default=UNSET,
    description="True: the fields of the whole batch are checked before anything is written; if one is bad and both "
    "`atomic` and `continueOnError` are false, nothing is. False: the fields of each chunk are checked as it is "
    "written. Default: true.",
)
_EXPIRE_IN = (
    f"Milliseconds from now, a whole number from 1 to {LONGEST_EXPIRY_MS}, after which the products disappear, "
    "together with their `stockUpdates`. "
)
_CREATE_EXPIRE_IN = strawberry.field(default=UNSET, description=_EXPIRE_IN + "Default: they stay.")
_UPDATE_EXPIRE_IN = strawberry.field(
    default=UNSET, description=_EXPIRE_IN + "Default: each keeps the expiry that it has, if any."
)


@strawberry.input(description="How `batchUpdateStock` goes about it.")
class BatchStockOptions:
    atomic: bool | None = _ATOMIC
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchDiscontinueProducts` goes about it.")
class BatchDiscontinueOptions:
    atomic: bool | None = _ATOMIC
    batch_size: int | None = _BATCH_SIZE
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchCreateProducts` goes about it.")
class BatchCreateOptions:
    atomic: bool | None = _ATOMIC_WRITE
    continue_on_error: bool | None = _CREATE_CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    validate_before_write: bool | None = _VALIDATE_BEFORE_WRITE
    batch_size: int | None = _WRITE_BATCH_SIZE
    expire_in: float | None = _CREATE_EXPIRE_IN
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchUpdateProducts` goes about it.")
class BatchUpdateOptions:
    atomic: bool | None = _ATOMIC_WRITE
    continue_on_error: bool | None = _CHANGE_CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    validate_before_write: bool | None = _VALIDATE_BEFORE_WRITE
    batch_size: int | None = _WRITE_BATCH_SIZE
    expire_in: float | None = _UPDATE_EXPIRE_IN
    dry_run: bool | None = _DRY_RUN


@strawberry.input(description="How `batchDeleteProducts` goes about it.")
class BatchDeleteOptions:
    atomic: bool | None = _ATOMIC_WRITE
    continue_on_error: bool | None = _CHANGE_CONTINUE_ON_ERROR
    return_partial_results: bool | None = _RETURN_PARTIAL_RESULTS
    return_deleted_items: bool | None = strawberry.field(
        default=UNSET,
        description="True: the products are returned as they were. Default: false, only counted.",
    )
    cascade_delete: bool | None = strawberry.field(
        default=UNSET,
        description="True: the `stockUpdates` of every product go with it, at most 100 000 in one transaction. Default: "
        "false, only where the item says so.",
    )
    batch_size: int | None = _WRITE_BATCH_SIZE
    dry_run: bool | None = _DRY_RUN
