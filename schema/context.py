"""What a resolver can reach: the use cases and the readers, nothing below them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from strawberry.dataloader import DataLoader
from strawberry.types import Info

from server.batch.batches import Batches
from server.domain.product import Product
from server.mongo.catalog import Catalog
from server.mongo.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Made once, at start-up."""

    batches: Batches
    catalog: Catalog
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Context:
    """Made for each request; `products` collects single look-ups of a request into one."""

    services: Services
    products: DataLoader[str, Product | None] = field(init=False)

    def __post_init__(self) -> None:
        async def load(ids: Sequence[str]) -> Sequence[Product | None]:
            return await self.services.catalog.products(ids)

        object.__setattr__(self, "products", DataLoader(load_fn=load))


Resolving = Info[Context, None]
