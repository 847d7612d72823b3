"""Everything that works on one database, put together for a server, a worker or a test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schema.context import MAX_QUERY_COST, Services
from server.batches.allowance import Allowance, CallerLimits
from server.batches.engine.engine import Engine
from server.batches.engine.limits import Limits
from server.batches.engine.observer import Observer
from server.batches.engine.sharing.group_commit import GroupLimits
from server.batches.idempotency.keys import PATIENCE_SECONDS, IdempotencyKeys
from server.batches.stored.claimed_chunks import ClaimedChunks
from server.batches.stored.completion import Completion
from server.batches.stored.control import BatchControl
from server.batches.stored.keyed import KeyedBatches
from server.batches.stored.queue_watch import QueueWatch
from server.batches.stored.single_chunk import SingleChunk
from server.batches.stored.submissions import QueueCapacity, QueueLimits, Submissions
from server.batches.stored.suspicion import Suspicion
from server.batches.stored.system_watch import SystemWatch
from server.domain.stored_batch import LEASE_SECONDS
from server.domain.system_state import ServerFacts
from server.domain.tracing import UNTRACED, Tracer
from server.jobs.heartbeat import Heartbeat
from server.jobs.housekeeping import Housekeeping
from server.jobs.memory import Memory
from server.jobs.progress_feed import ProgressFeed
from server.jobs.retention import Retention
from server.jobs.worker import Worker
from server.kinds.outcomes import to_outcome
from server.kinds.registry import KINDS, KINDS_THAT_WAIT, pending_row
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.changes import BatchChanges
from server.mongo.batches.closing import ChunkClosing
from server.mongo.batches.ledger_reads import LedgerReads
from server.mongo.batches.publications import Publications
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.removal import BatchRemoval
from server.mongo.batches.results import BatchResults
from server.mongo.batches.states import BatchStates
from server.mongo.batches.throughput_reads import ThroughputReads
from server.mongo.batches.workers import Workers
from server.mongo.callers import Callers
from server.mongo.connection.driver import Driver
from server.mongo.database_watch import DatabaseWatch
from server.mongo.products.product_reads import ProductReads
from server.mongo.sent_files import SentFiles
from server.mongo.transaction import TransactionRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The sizes and times that settings may change."""

    limits: Limits = field(default_factory=Limits)
    queue: QueueLimits = field(default_factory=QueueLimits)
    callers: CallerLimits = field(default_factory=CallerLimits)
    groups: GroupLimits = field(default_factory=GroupLimits)
    concurrent_chunks: int = 8
    worker_chunks: int = 4
    lease_seconds: float = LEASE_SECONDS
    worker_memory_mb: int = 1024
    batches_last: timedelta = timedelta(days=30)
    key_patience_seconds: float = PATIENCE_SECONDS
    max_query_cost: int = MAX_QUERY_COST


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What `assemble` has built; nothing of it runs yet."""

    runner: TransactionRunner
    engine: Engine
    services: Services
    worker: Worker
    housekeeping: Housekeeping
    retention: Retention
    publications: Publications
    queue: QueueWatch
    heartbeat: Heartbeat


class _Repositories:
    """What reads and writes stored batches, beside the transactions of chunks."""

    def __init__(self, driver: Driver, database: str, sizes: Sizes) -> None:
        handle, lease_seconds = driver.client[database], sizes.lease_seconds
        self.queue = ChunkQueue(driver, database, kinds=list(KINDS), lease_seconds=lease_seconds)
        self.publications = Publications(handle, to_outcome, lease_seconds=lease_seconds)
        self.batches = BatchReads(handle, kinds=list(KINDS))
        self.states = BatchStates(handle)
        self.results = BatchResults(handle, to_outcome)
        self.removal = BatchRemoval(handle)
        self.workers = Workers(handle)
        self.closing = ChunkClosing(handle, self.queue)


def assemble(  # noqa: PLR0913 - all that the parts have in common
    driver: Driver,
    database: str,
    runner: TransactionRunner,
    observer: Observer,
    *,
    clock: Callable[[], datetime],
    facts: ServerFacts,
    sizes: Sizes | None = None,
    publishes: bool = False,
    is_production: bool = False,
    tracer: Tracer = UNTRACED,
) -> Assembly:
    """Build the parts. `facts` are what the server tells of itself.

    `publishes`: the server has a receiver to publish successes to.
    """
    sizes = sizes or Sizes()
    repositories = _Repositories(driver, database, sizes)
    engine = Engine(
        runner,
        observer,
        clock=clock,
        concurrent_chunks=sizes.concurrent_chunks,
        limits=sizes.limits,
        group_limits=sizes.groups,
        tracer=tracer,
    )
    completion = Completion(
        batches=repositories.batches,
        states=repositories.states,
        runner=runner,
        closing=repositories.closing,
        clock=clock,
    )
    chunks = ClaimedChunks(
        engine=engine,
        runner=runner,
        queue=repositories.queue,
        suspicion=Suspicion(repositories.queue, repositories.workers),
        states=repositories.states,
        observer=observer,
        clock=clock,
        tracer=tracer,
    )
    memory = Memory(sizes.worker_memory_mb)
    worker = Worker(chunks, completion, memory, concurrency=sizes.worker_chunks)
    keys = IdempotencyKeys(
        batches=repositories.batches,
        removal=repositories.removal,
        clock=clock,
        patience_seconds=sizes.key_patience_seconds,
    )
    allowance = Allowance(Callers(driver.client[database]), sizes.callers.items_per_minute)
    submissions = Submissions(
        runner=runner,
        capacity=QueueCapacity(queue=repositories.queue, limits=sizes.queue),
        batches=repositories.batches,
        removal=repositories.removal,
        keys=keys,
        allowance=allowance,
        waiting_batches=sizes.callers.waiting_batches,
        clock=clock,
        publishes=publishes,
        tracer=tracer,
        on_stored=worker.wake,
    )
    queue = QueueWatch(repositories.queue, repositories.workers)
    services = Services(
        engine=engine,
        keyed=KeyedBatches(
            limits=sizes.limits,
            runner=runner,
            chunks=chunks,
            completion=completion,
            results=repositories.results,
            keys=keys,
            single=SingleChunk(engine=engine, runner=runner, clock=clock),
            process=worker.name,
            clock=clock,
        ),
        submissions=submissions,
        control=BatchControl(
            batches=repositories.batches,
            states=repositories.states,
            results=repositories.results,
            submissions=submissions,
            completion=completion,
            publications=repositories.publications,
            publishes=publishes,
        ),
        batches=repositories.batches,
        results=repositories.results,
        throughput=ThroughputReads(driver.client[database]),
        progress=ProgressFeed(repositories.batches, BatchChanges(driver, database)),
        products=ProductReads(driver.client[database], clock),
        ledger=LedgerReads(driver, database, pending_row, kinds_that_wait=KINDS_THAT_WAIT),
        allowance=allowance,
        sent_files=SentFiles(driver.client[database]),
        system=SystemWatch(facts, queue, DatabaseWatch(driver, database)),
        clock=clock,
        max_query_cost=sizes.max_query_cost,
        is_production=is_production,
    )
    return Assembly(
        runner=runner,
        engine=engine,
        services=services,
        worker=worker,
        housekeeping=Housekeeping(
            batches=repositories.batches,
            completion=completion,
            removal=repositories.removal,
            clock=clock,
        ),
        retention=Retention(
            removal=repositories.removal, clock=clock, batches_last=sizes.batches_last
        ),
        publications=repositories.publications,
        queue=queue,
        heartbeat=Heartbeat(worker, repositories.workers),
    )
