"""The queries. They read only what a majority of the database has acknowledged."""

from functools import partial
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Resolving
from schema.convert import answers, arguments
from schema.convert.batch_operation import to_batch_operation
from schema.convert.connection import to_connection
from schema.convert.system import to_system, to_viewer
from schema.inputs.filters import BatchOperationFilter, ProductFilter, StockUpdateFilter
from schema.limits.cost import ABOUT_COST
from schema.types.batch_operation import BatchOperation
from schema.types.connection import After, Connection, First
from schema.types.product import Product
from schema.types.stock_update import StockUpdate
from schema.types.system import System
from schema.types.viewer import Viewer
from server.batches.idempotency.key import KEYS_LAST
from server.domain.caller import Role
from server.domain.listing import ProductOrder

_RETENTION = (
    "A batch is kept for 30 days after its end, unless the server is set up otherwise. A batch with an idempotency key is "
    f"also kept for {KEYS_LAST.days} days after it was sent, and a batch that publishes prices as long as one of them waits to "
    "be published."
)


@strawberry.type(
    description="All data that a client can read. Nothing is shown that could still be undone. An error in a list "
    "(`products`, `stockUpdates`, `batchOperations`) answers `data: null` for all fields of the request; an error in "
    "`product` or `batchOperation` answers null for that field alone."
)
class Query:
    @strawberry.field(
        description="The caller that sends the request, and what it may do. Whoever has no valid credential gets "
        "`UNAUTHENTICATED`, where the server needs one."
    )
    async def viewer(self, info: Resolving) -> Viewer:
        return to_viewer(info.context)

    @strawberry.field(
        description="The state of the system: the server that answers, the database, the queue and the workers. For admins."
    )
    async def system(self, info: Resolving) -> System:
        info.context.caller.require(Role.ADMIN)
        return await to_system(info.context.services.system, info.context)

    @strawberry.field(description="The product with this id; null if it does not exist.")
    async def product(
        self,
        info: Resolving,
        id: Annotated[  # noqa: A002 - the contract's name
            strawberry.ID,
            strawberry.argument(description="Id of the product: 24 hexadecimal characters."),
        ],
    ) -> Product | None:
        info.context.caller.require(Role.VIEWER)
        found = await info.context.products.load(arguments.from_id(id, "id"))
        return answers.to_product(found) if found else None

    @strawberry.field(description=f"The products that match a filter, page by page. {ABOUT_COST}")
    async def products(
        self,
        info: Resolving,
        filter: Annotated[  # noqa: A002 - the contract's name
            ProductFilter | None,
            strawberry.argument(description="Which products to return. Default: all."),
        ] = UNSET,
        order_by: Annotated[
            ProductOrder | None,
            strawberry.argument(
                description="Order of the products. Default: by name if `filter.namePrefix` or `filter.nameContains` is set, otherwise by stock if the "
                "filter has a stock range, otherwise oldest first. By stock, each page reads every product that the other "
                "filters match."
            ),
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> Connection[Product]:
        info.context.caller.require(Role.VIEWER)
        catalog = info.context.services.products
        where = arguments.from_product_filter(filter)
        order = arguments.or_none(order_by)
        asked = arguments.from_page(first, after)
        async with info.context.pace.reading(asked.first):
            page = await catalog.page(where, order, asked)
        count = partial(catalog.count, where, order)
        return to_connection(page, answers.to_product, count)

    @strawberry.field(
        description="The ledger of stock updates, newest first, page by page. With `filter.batchId`, the updates are in input order. "
        f"{ABOUT_COST}"
    )
    async def stock_updates(
        self,
        info: Resolving,
        filter: Annotated[  # noqa: A002 - the contract's name
            StockUpdateFilter | None,
            strawberry.argument(description="Which stock updates to return. Default: all."),
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> Connection[StockUpdate]:
        info.context.caller.require(Role.VIEWER)
        ledger = info.context.services.ledger
        where = arguments.from_stock_update_filter(filter)
        asked = arguments.from_page(first, after)
        async with info.context.pace.reading(asked.first):
            page = await ledger.page(where, asked)
        to_node = partial(answers.to_stock_update, products=info.context.products)
        return to_connection(page, to_node, partial(ledger.count, where))

    @strawberry.field(
        description="The stored batch with this id, whether it was submitted or sent by a mutation with an idempotency key; null if it does "
        f"not exist, or not any more. {_RETENTION}"
    )
    async def batch_operation(
        self,
        info: Resolving,
        id: Annotated[  # noqa: A002 - the contract's name
            strawberry.ID,
            strawberry.argument(description="Id of the batch: 24 hexadecimal characters."),
        ],
    ) -> BatchOperation | None:
        services, caller = info.context.services, info.context.caller
        caller.require(Role.OPERATOR)
        batch_id = arguments.from_id(id, "id")
        found = await services.batches.by_id(batch_id, caller.sees_batches_of)
        return to_batch_operation(found, info.context) if found else None

    @strawberry.field(
        description=f"The stored batches, newest first, page by page. {_RETENTION} {ABOUT_COST}"
    )
    async def batch_operations(
        self,
        info: Resolving,
        filter: Annotated[  # noqa: A002 - the contract's name
            BatchOperationFilter | None,
            strawberry.argument(description="Which batches to return. Default: all."),
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> Connection[BatchOperation]:
        services, caller = info.context.services, info.context.caller
        caller.require(Role.OPERATOR)
        where = arguments.from_batch_operation_filter(filter, caller.sees_batches_of)
        asked = arguments.from_page(first, after)
        async with info.context.pace.reading(asked.first):
            page = await services.batches.page(where, asked)
        to_node = partial(to_batch_operation, context=info.context)
        return to_connection(page, to_node, partial(services.batches.count, where))
