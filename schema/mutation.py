"""The mutations: convert, call, convert."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import convert, inputs
from schema.context import Resolving
from schema.types.batch_discontinue_result import BatchDiscontinueResult
from schema.types.stock_update_result import StockUpdateResult

_LIMIT = "At most 10 000, unless the server is set up otherwise."


@strawberry.type(
    description="What can be changed. What is wrong with an item is told in the answer, never in `errors`."
)
class Mutation:
    @strawberry.mutation(
        description="Changes the stock of many products. Several updates of one product apply in input order. "
        "Each leaves a row in `stockUpdates`, applied or failed."
    )
    async def batch_update_stock(
        self,
        info: Resolving,
        updates: Annotated[
            list[inputs.StockUpdateInput],
            strawberry.argument(description=f"The changes. {_LIMIT}"),
        ],
        options: Annotated[
            inputs.BatchStockOptions | None,
            strawberry.argument(description="How to go about it."),
        ] = UNSET,
    ) -> list[StockUpdateResult]:
        batches = info.context.services.batches
        outcomes = await batches.update_stock(
            convert.from_stock_updates(updates), convert.from_options(options)
        )
        return [convert.to_stock_update_result(one) for one in outcomes]

    @strawberry.mutation(
        description="Discontinues many products and takes their stock to 0, with a row in `stockUpdates` for each."
    )
    async def batch_discontinue_products(
        self,
        info: Resolving,
        product_ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The products. {_LIMIT}")
        ],
        options: Annotated[
            inputs.BatchDiscontinueOptions | None,
            strawberry.argument(description="How to go about it."),
        ] = UNSET,
    ) -> BatchDiscontinueResult:
        batches = info.context.services.batches
        outcomes = await batches.discontinue(
            convert.from_product_ids(product_ids), convert.from_options(options)
        )
        return convert.to_discontinue_result(outcomes)
