"""What is told of a stored batch."""

from datetime import datetime
from functools import partial

import strawberry

from schema.context import Services
from schema.convert.answers import to_item_error
from schema.convert.arguments import from_page, given
from schema.convert.connection import to_connection
from schema.enums import BatchOperationStatus, BatchOperationType
from schema.types.batch_item_result import BatchItemResult
from schema.types.batch_metrics import BatchAlert, BatchMetrics
from schema.types.batch_operation import BatchOperation, LoadResults, PublicationProgress
from schema.types.connection import Connection
from server.batches.stored.metrics import batch_alerts, batch_metrics
from server.domain import batch_progress
from server.domain.item_result import ItemResult
from server.domain.outcome import Failed
from server.kinds import shown
from server.mongo.batches.results import BatchResults


def to_batch_operation(one: batch_progress.BatchProgress, services: Services) -> BatchOperation:
    now = services.clock()
    return BatchOperation(
        id=strawberry.ID(one.id),
        operation_type=BatchOperationType(one.kind),
        status=BatchOperationStatus(one.state.value),
        outcome=one.outcome,
        total_items=one.total_items,
        processed_items=one.processed_items,
        success_count=one.success_count,
        failure_count=one.failure_count,
        created_by=one.created_by,
        created_at=one.created_at,
        started_at=one.started_at,
        completed_at=one.completed_at,
        error=one.error,
        retry_of=None if one.retry_of is None else strawberry.ID(one.retry_of),
        metrics=_to_metrics(one, now),
        alerts=[
            BatchAlert(kind=alert.kind, message=alert.message) for alert in batch_alerts(one, now)
        ],
        publication=_to_publication(one.publication),
        load_results=_results_of(one.id, services.results),
    )


def _to_metrics(one: batch_progress.BatchProgress, now: datetime) -> BatchMetrics:
    metrics = batch_metrics(one, now)
    return BatchMetrics(
        duration_ms=metrics.duration_ms,
        avg_time_per_item_ms=metrics.avg_time_per_item_ms,
        success_rate=metrics.success_rate,
        failure_rate=metrics.failure_rate,
        items_per_second=metrics.items_per_second,
    )


def _to_publication(
    progress: batch_progress.PublicationProgress | None,
) -> PublicationProgress | None:
    if progress is None:
        return None
    return PublicationProgress(
        pending=progress.pending, published=progress.published, failed=progress.failed
    )


def _results_of(batch_id: str, results: BatchResults) -> LoadResults:
    async def load(
        first: int | None, after: str | None, success: bool | None
    ) -> Connection[BatchItemResult]:
        which = given(success)
        page = await results.page(batch_id, from_page(first, after), success=which)
        return to_connection(page, to_item_result, partial(results.count, batch_id, which))

    return load


def to_item_result(result: ItemResult) -> BatchItemResult:
    outcome, publication = result.outcome, result.publication
    product_id = shown.product_id(result)
    return BatchItemResult(
        index=outcome.index,
        product_id=None if product_id is None else strawberry.ID(product_id),
        success=result.success,
        message=shown.message(result),
        new_stock=shown.new_stock(result),
        tx_id=publication.tx_id if publication else None,
        error=to_item_error(outcome.error) if isinstance(outcome, Failed) else None,
        publication_error=publication.error if publication else None,
    )
