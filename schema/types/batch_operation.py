from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.enums import BatchOperationStatus, BatchOperationType
from schema.types.batch_item_result import BatchItemResult
from schema.types.batch_metrics import BatchAlert, BatchMetrics
from schema.types.connection import After, Connection, First
from server.domain.outcome import BatchOutcome

LoadResults = Callable[
    [int | None, str | None, bool | None], Awaitable[Connection[BatchItemResult]]
]


@strawberry.type(
    description="How far the publication of the prices has come; counts of items that succeeded."
)
class PublicationProgress:
    pending: int = strawberry.field(description="Still to be published.")
    published: int = strawberry.field(description="Taken by the receiver.")
    failed: int = strawberry.field(
        description="Given up; `retryPublication` tries them again. Their prices are changed all the same."
    )


@strawberry.type(
    description="A batch that is stored: one that was submitted, or one that was called with an idempotency key. Its "
    "chunks are applied exactly once, whatever happens to the servers meanwhile."
)
class BatchOperation:
    id: strawberry.ID = strawberry.field(description="24 hexadecimal characters.")
    operation_type: BatchOperationType = strawberry.field(description="What it does.")
    status: BatchOperationStatus = strawberry.field(description="Where it stands.")
    outcome: BatchOutcome | None = strawberry.field(
        description="How much of it succeeded; null until it has ended."
    )
    total_items: int = strawberry.field(description="How many items were sent.")
    processed_items: int = strawberry.field(
        description="`successCount` + `failureCount`; it never goes back."
    )
    success_count: int = strawberry.field(description="Items that succeeded so far.")
    failure_count: int = strawberry.field(
        description="Items that failed so far; at the end those included that were `CANCELLED`."
    )
    created_by: str = strawberry.field(
        description="Who sent it: `anonymous`, for callers are not told apart."
    )
    created_at: datetime = strawberry.field(description="When it was sent.")
    started_at: datetime | None = strawberry.field(
        description="When its first chunk was begun; null before."
    )
    completed_at: datetime | None = strawberry.field(description="When it ended; null before.")
    error: str | None = strawberry.field(description="Why it is `FAILED`; null if it is not.")
    retry_of: strawberry.ID | None = strawberry.field(
        description="The id of the batch whose failed items these are; null if `retryBatch` did not make it."
    )
    metrics: BatchMetrics = strawberry.field(description="What its times and counts come to.")
    alerts: list[BatchAlert] = strawberry.field(
        description="What somebody should look into; often nothing."
    )
    publication: PublicationProgress | None = strawberry.field(
        description="How far the publication of the prices has come; null where nothing is published."
    )
    load_results: strawberry.Private[LoadResults]

    @strawberry.field(
        description="What became of the items that have been processed, in input order, page by page."
    )
    async def results(
        self,
        first: First = UNSET,
        after: After = UNSET,
        success: Annotated[
            bool | None,
            strawberry.argument(
                description="True: only those that succeeded. False: only those that failed. Default: all."
            ),
        ] = UNSET,
    ) -> Connection[BatchItemResult]:
        return await self.load_results(first, after, success)
