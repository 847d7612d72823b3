"""The parts of the engine, put together on one database: for a server, a worker or a test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schema.context import Services
from server.batch.batches import Batches, Limits
from server.batch.completion import Completion
from server.batch.control import BatchControl
from server.batch.engine import Engine
from server.batch.keyed import KeyedBatches
from server.batch.keys import PATIENCE_SECONDS, Keys
from server.batch.leased_chunks import LeasedChunks
from server.batch.observer import Observer
from server.batch.submissions import QueueLimits, Submissions
from server.domain.lease import LEASE_SECONDS
from server.jobs.housekeeping import Housekeeping
from server.jobs.memory import Memory
from server.jobs.progress_feed import ProgressFeed
from server.jobs.retention import Retention
from server.jobs.worker import Worker
from server.mongo.batch_changes import BatchChanges
from server.mongo.batch_operations import BatchOperations
from server.mongo.batch_removal import BatchRemoval
from server.mongo.batch_results import BatchResults
from server.mongo.batch_states import BatchStates
from server.mongo.catalog import Catalog
from server.mongo.chunk_closing import ChunkClosing
from server.mongo.chunk_queue import ChunkQueue
from server.mongo.driver import Driver
from server.mongo.ledger import Ledger
from server.mongo.publications import Publications
from server.mongo.transaction import TransactionRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything."""

    limits: Limits = field(default_factory=Limits)
    queue: QueueLimits = field(default_factory=QueueLimits)
    concurrent_chunks: int = 8
    worker_chunks: int = 4
    lease_seconds: float = LEASE_SECONDS
    worker_memory_mb: int = 1024
    batches_last: timedelta = timedelta(days=30)
    key_patience_seconds: float = PATIENCE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    runner: TransactionRunner
    engine: Engine
    services: Services
    worker: Worker
    housekeeping: Housekeeping
    retention: Retention
    publications: Publications


def assemble(  # noqa: PLR0913 - what everything is built on
    driver: Driver,
    database: str,
    runner: TransactionRunner,
    observer: Observer,
    *,
    clock: Callable[[], datetime],
    sizes: Sizes | None = None,
    publishes: bool = False,
) -> Assembly:
    """`publishes`: there is a receiver of prices. Nothing runs yet."""
    sizes = sizes or Sizes()
    store = driver.client[database]
    engine = Engine(runner, observer, clock=clock, concurrent_chunks=sizes.concurrent_chunks)
    states = BatchStates(store)
    queue = ChunkQueue(driver, database, lease_seconds=sizes.lease_seconds)
    operations, results = BatchOperations(store), BatchResults(store)
    removal = BatchRemoval(store)
    publications = Publications(store, lease_seconds=sizes.lease_seconds)
    completion = Completion(
        operations=operations, states=states, closing=ChunkClosing(store), clock=clock
    )
    chunks = LeasedChunks(
        in_flight=engine.in_flight,
        engine=engine,
        runner=runner,
        queue=queue,
        states=states,
        clock=clock,
    )
    worker = Worker(
        chunks,
        completion,
        Memory(sizes.worker_memory_mb),
        side_by_side=sizes.worker_chunks,
    )
    keys = Keys(
        states=states,
        removal=removal,
        clock=clock,
        patience_seconds=sizes.key_patience_seconds,
    )
    batches = Batches(engine, sizes.limits)
    submissions = Submissions(
        runner,
        queue,
        operations,
        removal,
        keys,
        sizes.queue,
        clock=clock,
        publishes=publishes,
        on_stored=worker.wake,
    )
    keyed = KeyedBatches(
        batches=batches,
        runner=runner,
        chunks=chunks,
        completion=completion,
        results=results,
        keys=keys,
        clock=clock,
    )
    control = BatchControl(
        operations=operations,
        states=states,
        results=results,
        submissions=submissions,
        completion=completion,
        publications=publications,
        publishes=publishes,
    )
    services = Services(
        batches=batches,
        keyed=keyed,
        submissions=submissions,
        control=control,
        operations=operations,
        results=results,
        progress=ProgressFeed(operations, BatchChanges(driver, database)),
        catalog=Catalog(store, clock),
        ledger=Ledger(store),
        clock=clock,
    )
    housekeeping = Housekeeping(
        states=states,
        completion=completion,
        removal=removal,
    )
    retention = Retention(removal=removal, clock=clock, batches_last=sizes.batches_last)
    return Assembly(
        runner=runner,
        engine=engine,
        services=services,
        worker=worker,
        housekeeping=housekeeping,
        retention=retention,
        publications=publications,
    )
