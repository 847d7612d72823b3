"""What a resolver can reach: the use cases and the readers, and nothing below them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from strawberry.dataloader import DataLoader
from strawberry.types import Info

from schema.pace import Pace
from schema.result_loaders import ResultLoaders
from server.batches.allowance import Allowance
from server.batches.engine.engine import Engine
from server.batches.stored.control import BatchControl
from server.batches.stored.keyed import KeyedBatches
from server.batches.stored.submissions import Submissions
from server.domain.caller import NOBODY, Caller
from server.domain.errors import RateLimited
from server.domain.product import Product
from server.jobs.progress_feed import ProgressFeed
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.ledger_reads import LedgerReads
from server.mongo.batches.results import BatchResults
from server.mongo.products.product_reads import ProductReads
from server.mongo.sent_files import SentFiles

MAX_QUERY_COST = 20_000  # 15 pages of 1 000, or 1 000 batches with a few results of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases and readers, made once at start-up."""

    engine: Engine
    keyed: KeyedBatches
    submissions: Submissions
    control: BatchControl
    batches: BatchReads
    results: BatchResults
    progress: ProgressFeed
    products: ProductReads
    ledger: LedgerReads
    allowance: Allowance
    sent_files: SentFiles
    clock: Callable[[], datetime]
    max_query_cost: int = MAX_QUERY_COST


@dataclass(slots=True)
class RequestNotes:
    """What a door must know of a request. `rate_limited` is why no mutation of it has begun."""

    rate_limited: RateLimited | None = None


@dataclass(slots=True)
class Context:
    """What one operation can reach; `products` and `results` collect single look-ups into one.

    `pace` gives other operations their turns.

    `key_headers` are the request's headers `Idempotency-Key` as they were sent; a WebSocket has
    none. `is_replay` says that a mutation gets the answer that it got before. `caller` sends the
    operation, and its items count for the limits of `charged_to`.
    """

    services: Services
    key_headers: Sequence[str] = ()
    caller: Caller = NOBODY
    charged_to: str = ""
    notes: RequestNotes = field(default_factory=RequestNotes)
    is_replay: bool = field(default=False, init=False)
    _mutations: int = field(default=0, init=False)
    _products: DataLoader[str, Product | None] | None = field(default=None, init=False)
    _results: ResultLoaders | None = field(default=None, init=False)
    pace: Pace = field(default_factory=Pace, init=False)

    @property
    def products(self) -> DataLoader[str, Product | None]:
        """Return what reads products together. It is made when it is needed: most operations do
        without, and all three loaders cost 5 % of a small mutation.
        """
        if self._products is None:

            async def load(ids: Sequence[str]) -> Sequence[Product | None]:
                distinct = list(dict.fromkeys(ids))
                products = await self.services.products.by_ids(distinct)
                found = dict(zip(distinct, products, strict=True))
                return [found[one] for one in ids]

            # A mutation changes products, and a subscription goes on: nothing is kept.
            self._products = DataLoader(load_fn=load, cache=False)
        return self._products

    @property
    def results(self) -> ResultLoaders:
        """Return what reads the results of batches together."""
        if self._results is None:
            self._results = ResultLoaders(self.services.results, self.pace)
        return self._results

    def for_an_operation(self) -> "Context":
        """Return a new context: a connection has many operations, each with its own look-ups."""
        return Context(self.services, self.key_headers, self.caller, self.charged_to, self.notes)

    def identify(self, caller: Caller, charged_to: str) -> None:
        """Note who sends the operations of this context, and whose limits they count for."""
        self.caller, self.charged_to = caller, charged_to

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Run a mutation, and note if the limits of the caller refuse the first one."""
        earlier, self._mutations = self._mutations, self._mutations + 1
        try:
            yield
        except RateLimited as error:
            if not earlier:
                self.notes.rate_limited = error
            raise


Resolving = Info[Context, None]
