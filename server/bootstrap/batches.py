"""The engine with all that runs batches, sized by the settings."""

from datetime import timedelta

from server.assembly import Assembly, Sizes, assemble
from server.batches.allowance import CallerLimits
from server.batches.engine.limits import Limits
from server.batches.engine.sharing.group_commit import GroupLimits
from server.batches.stored.submissions import QueueLimits
from server.bootstrap.watching import Watching
from server.domain.clock import utc_now
from server.mongo.connection.driver import Driver
from server.mongo.transaction import TransactionRunner
from server.running import server_facts
from server.settings import Settings


def assembled(driver: Driver, settings: Settings, watching: Watching) -> Assembly:
    """Return the parts that the doors and the jobs share."""
    metrics = watching.metrics
    runner = TransactionRunner(
        driver,
        settings.mongodb_database,
        deadline_seconds=settings.transaction_seconds,
        on_retry=metrics.transaction_retried,
        on_doubt=metrics.commit_in_doubt,
    )
    sizes = Sizes(
        limits=Limits(items=settings.max_batch_items, atomic_items=settings.max_atomic_items),
        queue=QueueLimits(items=settings.max_background_items, chunks=settings.max_queued_chunks),
        callers=CallerLimits(
            items_per_minute=settings.caller_items_per_minute,
            waiting_batches=settings.caller_waiting_batches,
        ),
        groups=GroupLimits(items=settings.group_items, seconds=settings.group_seconds),
        concurrent_chunks=settings.concurrent_chunks,
        worker_chunks=settings.worker_chunks,
        lease_seconds=settings.worker_lease_seconds,
        worker_memory_mb=settings.worker_memory_mb,
        batches_last=timedelta(days=settings.batch_retention_days),
        key_patience_seconds=settings.idempotency_wait_seconds,
        max_query_cost=settings.max_query_cost,
    )
    return assemble(
        driver,
        settings.mongodb_database,
        runner,
        metrics,
        clock=utc_now,
        facts=server_facts(settings, utc_now()),
        sizes=sizes,
        publishes=settings.publish_url is not None,
        is_production=settings.is_production,
        tracer=watching.tracer,
    )
