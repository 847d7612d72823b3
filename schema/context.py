"""What a resolver can reach: the use cases and the readers, nothing below them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from strawberry.dataloader import DataLoader
from strawberry.types import Info

from server.batch.batches import Batches
from server.batch.control import BatchControl
from server.batch.keyed import KeyedBatches
from server.batch.submissions import Submissions
from server.domain.product import Product
from server.jobs.progress_feed import ProgressFeed
from server.mongo.batch_operations import BatchOperations
from server.mongo.batch_results import BatchResults
from server.mongo.catalog import Catalog
from server.mongo.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Made once, at start-up."""

    batches: Batches
    keyed: KeyedBatches
    submissions: Submissions
    control: BatchControl
    operations: BatchOperations
    results: BatchResults
    progress: ProgressFeed
    catalog: Catalog
    ledger: Ledger
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
            return await self.services.catalog.products(ids)

        self.products = DataLoader(load_fn=load)

    def for_an_operation(self) -> "Context":
        """One connection can have many operations: each has its own answer and its own look-ups."""
        return Context(self.services, self.header_key)


Resolving = Info[Context, None]
