"""What a resolver can reach: the use cases and the readers, nothing below them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from strawberry.dataloader import DataLoader
from strawberry.types import Info

from server.batches.engine.engine import Engine
from server.batches.stored.control import BatchControl
from server.batches.stored.keyed import KeyedBatches
from server.batches.stored.submissions import Submissions
from server.domain.product import Product
from server.jobs.progress_feed import ProgressFeed
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.results import BatchResults
from server.mongo.products.ledger_reads import LedgerReads
from server.mongo.products.product_reads import ProductReads


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Made once, at start-up."""

    engine: Engine
    keyed: KeyedBatches
    submissions: Submissions
    control: BatchControl
    batches: BatchReads
    results: BatchResults
    progress: ProgressFeed
    products: ProductReads
    ledger: LedgerReads
    clock: Callable[[], datetime]


@dataclass(slots=True)
class Context:
    """Made for each operation; `products` collects single look-ups of an operation into one.

    `header_key` is the idempotency key of the HTTP request, None if it has none. `is_replay`: the
    answer to a mutation is the one that it got before.
    """

    services: Services
    header_key: str | None = None
    is_replay: bool = field(default=False, init=False)
    products: DataLoader[str, Product | None] = field(init=False)

    def __post_init__(self) -> None:
        async def load(ids: Sequence[str]) -> Sequence[Product | None]:
            return await self.services.products.by_ids(ids)

        self.products = DataLoader(load_fn=load)

    def for_an_operation(self) -> "Context":
        """One connection can have many operations: each has its own answer and its own look-ups."""
        return Context(self.services, self.header_key)


Resolving = Info[Context, None]
