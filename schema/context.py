"""What a resolver can reach: the use cases and the readers, and nothing below them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from strawberry.dataloader import DataLoader
from strawberry.types import Info

from schema.pace import Pace, Turns
from schema.result_loaders import ResultLoaders
from server.batches.allowance import Allowance
from server.batches.engine.engine import Engine
from server.batches.stored.control import BatchControl
from server.batches.stored.keyed import KeyedBatches
from server.batches.stored.submissions import Submissions
from server.batches.stored.system_watch import SystemWatch
from server.domain.caller import ANONYMOUS, NOBODY, Caller, Role
from server.domain.errors import Overloaded, RateLimited
from server.domain.place import current_place
from server.domain.product import Product
from server.jobs.progress_feed import ProgressFeed
from server.mongo.batches.batch_reads import BatchReads
from server.mongo.batches.ledger_reads import LedgerReads
from server.mongo.batches.results import BatchResults
from server.mongo.batches.throughput_reads import ThroughputReads
from server.mongo.products.product_reads import ProductReads
from server.mongo.sent_files import SentFiles
from server.reading import READING_ROOM

T = TypeVar("T")

MAX_QUERY_COST = 20_000  # 15 pages of 1 000, or 1 000 batches with a few results of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases and readers, made once at start-up.

    With `is_production`, callers are told no more of the schema than they need.
    """

    engine: Engine
    keyed: KeyedBatches
    submissions: Submissions
    control: BatchControl
    batches: BatchReads
    results: BatchResults
    throughput: ThroughputReads
    progress: ProgressFeed
    products: ProductReads
    ledger: LedgerReads
    allowance: Allowance
    sent_files: SentFiles
    system: SystemWatch
    clock: Callable[[], datetime]
    turns: Turns = field(default_factory=Turns)
    max_query_cost: int = MAX_QUERY_COST
    is_production: bool = False


@dataclass(slots=True)
class RequestNotes:
    """What a door must know of a request.

    `refused` is why nothing of it has begun. `changes` says whether it is a mutation; None until
    its text has been read and its turn has come.
    """

    refused: RateLimited | Overloaded | None = None
    changes: bool | None = None


@dataclass(slots=True)
class Context:
    """What one operation can reach; `products` and `results` collect single look-ups into one.

    `pace` gives other operations of the process their turns.

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
    _pace: Pace | None = field(default=None, init=False)

    @property
    def pace(self) -> Pace:
        """Return what gives others their turns, which most mutations do without."""
        if self._pace is None:
            self._pace = Pace(self.services.turns, self.charged_to)
        return self._pace

    @property
    def may_introspect(self) -> bool:
        """Return whether the caller may ask about the schema: in production, an admin that is known."""
        if not self.services.is_production:
            return True
        return self.caller.role is Role.ADMIN and self.caller is not ANONYMOUS

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

    async def begin(self, cost: int, *, changes: bool) -> None:
        """Begin an operation of this cost when its turn comes.

        Raises:
            Overloaded: that would take too long; nothing was done.
        """
        place = current_place()
        try:
            if place is not None:
                await place.weigh(cost)
        except Overloaded as error:
            self.notes.refused = error
            raise
        self.notes.changes = changes

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Run a mutation, and note if the limits of the caller refuse the first one."""
        earlier, self._mutations = self._mutations, self._mutations + 1
        try:
            yield
        except RateLimited as error:
            if not earlier:
                self.notes.refused = error
            raise


def hides_suggestions(context: Context | None) -> bool:
    """Return whether errors must not name what the caller may have meant."""
    return context is not None and context.services.is_production


async def read_beside(context: Context | None, work: Callable[[], T]) -> T:
    """Return what `work` returns, once a thread has done it in the turn of the caller.

    Raises:
        Overloaded: too much waits to be read; nothing was done.
    """
    if context is None:
        return await READING_ROOM.read("", work)
    try:
        return await READING_ROOM.read(context.charged_to, work)
    except Overloaded as error:
        context.notes.refused = error
        raise


Resolving = Info[Context, None]
