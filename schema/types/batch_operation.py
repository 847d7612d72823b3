from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Protocol

import strawberry
from strawberry import UNSET

from schema.enums import BatchOperationStatus, BatchOperationType
from schema.limits.cost import ABOUT_COST, SCAN
from schema.types.batch_item_result import BatchItemResult
from schema.types.batch_metrics import BatchAlert, BatchMetrics
from schema.types.batch_options import BatchOperationOptions
from schema.types.batch_throughput import BatchThroughput
from schema.types.connection import After, Connection, First
from server.domain.item_error import ItemErrorCode
from server.domain.outcome import BatchOutcome


class LoadResults(Protocol):
    """Reads a page of the results of a batch."""

    async def __call__(
        self,
        first: int | None,
        after: str | None,
        success: bool | None,
        product_id: str | None,
        code: ItemErrorCode | None,
    ) -> Connection[BatchItemResult]: ...


LoadThroughput = Callable[[], Awaitable[BatchThroughput]]

_READS_ALL = f"Costs {SCAN}: no index has it, so each page reads the results of the batch that the page begins after."


@strawberry.type(
    description="The progress of publishing the prices of a batch, counted over the items that succeeded."
)
class PublicationProgress:
    pending: int = strawberry.field(description="Number of prices still to be published.")
    published: int = strawberry.field(
        description="Number of prices that the receiver has accepted."
    )
    failed: int = strawberry.field(
        description="Number of prices that could not be published; `retryPublication` tries them again. The products have their "
        "new prices all the same."
    )


@strawberry.type(
    description="A stored batch: it was submitted to run in the background, or sent by a mutation with an idempotency key. Each of its "
    "chunks is applied exactly once, even if servers restart meanwhile."
)
class BatchOperation:
    id: strawberry.ID = strawberry.field(description="Id of the batch: 24 hexadecimal characters.")
    operation_type: Enum = strawberry.field(
        graphql_type=BatchOperationType, description="Kind of the batch: what it does."
    )
    dry_run: bool = strawberry.field(
        description="Whether the batch is a preview: its results are what applying it at that moment would have given, and "
        "nothing else of it is kept."
    )
    options: BatchOperationOptions = strawberry.field(
        description="The options that the batch runs with."
    )
    status: BatchOperationStatus = strawberry.field(description="State of the batch.")
    outcome: BatchOutcome | None = strawberry.field(
        description="How much of the batch succeeded; null until it has ended."
    )
    total_items: int = strawberry.field(description="Number of items sent.")
    processed_items: int = strawberry.field(
        description="Number of items processed so far: `successCount` + `failureCount`. It never decreases."
    )
    success_count: int = strawberry.field(description="Number of items that have succeeded so far.")
    failure_count: int = strawberry.field(
        description="Number of items that have failed so far; at the end, this includes the items that were `CANCELLED`."
    )
    created_by: str = strawberry.field(
        description="Caller that sent the batch: the name of its API key, or issuer and subject of its token; `anonymous` if the "
        "server does not tell callers apart."
    )
    created_at: datetime = strawberry.field(description="When the batch was sent.")
    started_at: datetime | None = strawberry.field(
        description="When the first chunk of the batch began; null before."
    )
    completed_at: datetime | None = strawberry.field(
        description="When the batch ended; null before."
    )
    error: str | None = strawberry.field(
        description="Reason why the batch is `FAILED`; null if it is not."
    )
    retry_of: strawberry.ID | None = strawberry.field(
        description="Id of the batch whose failed items this batch repeats; null if it was not made by `retryBatch`."
    )
    metrics: BatchMetrics = strawberry.field(description="Duration and rates of the batch so far.")
    alerts: list[BatchAlert] = strawberry.field(description="Warnings about the batch; often none.")
    publication: PublicationProgress | None = strawberry.field(
        description="Progress of publishing the prices of the batch; null if nothing of it is published."
    )
    load_results: strawberry.Private[LoadResults]
    load_throughput: strawberry.Private[LoadThroughput]

    @strawberry.field(
        description=f"Progress of the batch over time, for a chart, with its present rate. Costs {SCAN}."
    )
    async def throughput(self) -> BatchThroughput:
        return await self.load_throughput()

    @strawberry.field(
        description="Results of the items that have been processed, in input order, page by page. While the batch runs, they end "
        "before the first chunk that has not been done, so a reader who goes on from the last cursor misses none; `totalCount` "
        f"counts all. {ABOUT_COST}"
    )
    async def results(
        self,
        first: First = UNSET,
        after: After = UNSET,
        success: Annotated[
            bool | None,
            strawberry.argument(
                description="Whether to return items that succeeded. True: only these. False: only items that failed. Default: all."
            ),
        ] = UNSET,
        product_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Id of a product: only results with this id, as it was sent or created; 24 hexadecimal characters. "
                f"{_READS_ALL}"
            ),
        ] = UNSET,
        code: Annotated[
            ItemErrorCode | None,
            strawberry.argument(
                description=f"Only items that failed and have an error with this code. {_READS_ALL}"
            ),
        ] = UNSET,
    ) -> Connection[BatchItemResult]:
        return await self.load_results(first, after, success, product_id, code)
