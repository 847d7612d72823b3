"""A stored batch as GraphQL shows it."""

from datetime import datetime
from functools import partial

import strawberry

from schema.context import Context
from schema.convert.answers import product_loader, to_item_error
from schema.convert.arguments import from_id, from_page, or_none
from schema.convert.connection import to_connection
from schema.enums import BatchOperationStatus, BatchOperationType
from schema.types.batch_item_result import BatchItemResult
from schema.types.batch_metrics import BatchAlert, BatchMetrics
from schema.types.batch_operation import (
    BatchOperation,
    LoadResults,
    LoadThroughput,
    PublicationProgress,
)
from schema.types.batch_options import BatchOperationOptions
from schema.types.batch_throughput import BatchThroughput, ThroughputPoint
from schema.types.connection import Connection
from schema.types.product import LoadProduct
from server.batches.stored.metrics import batch_alerts, batch_metrics
from server.domain import batch_progress
from server.domain.item_error import ItemErrorCode
from server.domain.item_result import ItemResult
from server.domain.outcome import Failed
from server.domain.result_filter import ResultFilter
from server.domain.throughput import Throughput, intervals_of, throughput
from server.kinds import shown


def to_batch_operation(batch: batch_progress.BatchProgress, context: Context) -> BatchOperation:
    """Return the batch with its metrics as of now. Its results are read only if they are requested."""
    now = context.services.clock()
    return BatchOperation(
        id=strawberry.ID(batch.id),
        operation_type=BatchOperationType(batch.kind),
        dry_run=batch.dry_run,
        options=_to_options(batch),
        status=BatchOperationStatus(batch.state),
        outcome=batch.outcome,
        total_items=batch.total_items,
        processed_items=batch.processed_items,
        success_count=batch.success_count,
        failure_count=batch.failure_count,
        created_by=batch.created_by,
        created_at=batch.created_at,
        started_at=batch.started_at,
        completed_at=batch.completed_at,
        error=batch.error,
        retry_of=None if batch.retry_of is None else strawberry.ID(batch.retry_of),
        metrics=_to_metrics(batch, now),
        alerts=[
            BatchAlert(kind=alert.kind, message=alert.message) for alert in batch_alerts(batch, now)
        ],
        publication=_to_publication(batch.publication),
        load_results=_results_of(batch, context),
        load_throughput=_throughput_of(batch, context),
    )


def _to_options(batch: batch_progress.BatchProgress) -> BatchOperationOptions:
    options, settings = batch.options, batch.settings
    return BatchOperationOptions(
        dry_run=options.dry_run,
        atomic=options.atomic,
        continue_on_error=options.goes_on,
        validate_before_write=options.validate_before_write,
        batch_size=options.batch_size,
        new_price=settings.get("newPrice"),
        expire_in=settings.get("expireIn"),
        cascade_delete=settings.get("cascadeDelete"),
    )


def _throughput_of(batch: batch_progress.BatchProgress, context: Context) -> LoadThroughput:
    async def load() -> BatchThroughput:
        services = context.services
        intervals = intervals_of(batch, services.clock())
        found = Throughput()
        if intervals is not None:
            processed = await services.throughput.processed(batch.id, intervals)
            found = throughput(batch, intervals, processed)
        return BatchThroughput(
            interval_ms=found.interval_ms,
            points=[
                ThroughputPoint(
                    time=point.time,
                    processed_items=point.processed.items,
                    failed_items=point.processed.failed,
                )
                for point in found.points
            ],
            items_per_second=found.per_second,
            remaining_ms=found.remaining_ms,
        )

    return load


def _to_metrics(batch: batch_progress.BatchProgress, now: datetime) -> BatchMetrics:
    metrics = batch_metrics(batch, now)
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


def _results_of(batch: batch_progress.BatchProgress, context: Context) -> LoadResults:
    batch_id, results = batch.id, context.results
    load_product = product_loader(context, dry_run=batch.dry_run)

    def to_result(result: ItemResult) -> BatchItemResult:
        return to_item_result(result, load_product)

    async def load(
        first: int | None,
        after: str | None,
        success: bool | None,
        product_id: str | None,
        code: ItemErrorCode | None,
    ) -> Connection[BatchItemResult]:
        searched = or_none(product_id)
        filtered = ResultFilter(
            success=or_none(success),
            product_id=None if searched is None else from_id(searched, "productId"),
            code=or_none(code),
        )
        page = await results.page(batch_id, from_page(first, after), filtered)
        return to_connection(page, to_result, partial(results.count, batch_id, filtered))

    return load


def to_item_result(result: ItemResult, load_product: LoadProduct | None = None) -> BatchItemResult:
    """Return the result of one item, worded by its kind."""
    outcome, publication = result.outcome, result.publication
    product_id = shown.product_id(result)
    return BatchItemResult(
        index=outcome.index,
        row=result.row,
        product_id=None if product_id is None else strawberry.ID(product_id),
        success=result.success,
        message=shown.message(result),
        old_stock=shown.old_stock(result),
        new_stock=shown.new_stock(result),
        tx_id=publication.tx_id if publication else None,
        error=to_item_error(outcome.error) if isinstance(outcome, Failed) else None,
        publication_error=publication.error if publication else None,
        load_product=load_product,
    )
