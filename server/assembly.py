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
    """Nothing of it runs yet."""

    runner: TransactionRunner
    engine: Engine
    services: Services
    worker: Worker
    housekeeping: Housekeeping
    retention: Retention
    publications: Publications


class _Stores:
    """What reads and writes stored batches."""

    def __init__(self, driver: Driver, database: str, sizes: Sizes) -> None:
        store, lease_seconds = driver.client[database], sizes.lease_seconds
        self.queue = ChunkQueue(driver, database, lease_seconds=lease_seconds)
        self.publications = Publications(store, lease_seconds=lease_seconds)
        self.operations = BatchOperations(store)
        self.states = BatchStates(store)
        self.results = BatchResults(store)
        self.removal = BatchRemoval(store)
        self.closing = ChunkClosing(store, self.queue)


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
    """`publishes`: there is a receiver of prices."""
    sizes = sizes or Sizes()
    stores = _Stores(driver, database, sizes)
    engine = Engine(runner, observer, clock=clock, concurrent_chunks=sizes.concurrent_chunks)
    completion = Completion(
        operations=stores.operations, states=stores.states, closing=stores.closing, clock=clock
    )
    chunks = LeasedChunks(
        in_flight=engine.in_flight,
        engine=engine,
        runner=runner,
        queue=stores.queue,
        states=stores.states,
        clock=clock,
    )
    memory = Memory(sizes.worker_memory_mb)
    worker = Worker(chunks, completion, memory, side_by_side=sizes.worker_chunks)
    keys = Keys(
        states=stores.states,
        removal=stores.removal,
        clock=clock,
        patience_seconds=sizes.key_patience_seconds,
    )
    batches = Batches(engine, sizes.limits)
    submissions = Submissions(
        runner,
        stores.queue,
        stores.operations,
        stores.removal,
        keys,
        sizes.queue,
        clock=clock,
        publishes=publishes,
        on_stored=worker.wake,
    )
    services = Services(
        batches=batches,
        keyed=KeyedBatches(
            batches=batches,
            runner=runner,
            chunks=chunks,
            completion=completion,
            results=stores.results,
            keys=keys,
            clock=clock,
        ),
        submissions=submissions,
        control=BatchControl(
            operations=stores.operations,
            states=stores.states,
            results=stores.results,
            submissions=submissions,
            completion=completion,
            publications=stores.publications,
            publishes=publishes,
        ),
        operations=stores.operations,
        results=stores.results,
        progress=ProgressFeed(stores.operations, BatchChanges(driver, database)),
        catalog=Catalog(driver.client[database], clock),
        ledger=Ledger(driver.client[database]),
        clock=clock,
    )
    return Assembly(
        runner=runner,
        engine=engine,
        services=services,
        worker=worker,
        housekeeping=Housekeeping(
            states=stores.states, completion=completion, removal=stores.removal, clock=clock
        ),
        retention=Retention(removal=stores.removal, clock=clock, batches_last=sizes.batches_last),
        publications=stores.publications,
    )
