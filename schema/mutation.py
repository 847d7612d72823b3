"""The mutations: convert, call, convert."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import inputs
from schema.context import Resolving
from schema.convert import answers, arguments
from schema.types.batch_create_result import BatchCreateResult
from schema.types.batch_delete_result import BatchDeleteResult
from schema.types.batch_discontinue_result import BatchDiscontinueResult
from schema.types.batch_update_result import BatchUpdateResult
from schema.types.stock_update_result import StockUpdateResult
from server.batch.create import CreateProducts
from server.batch.delete import DeleteProducts
from server.batch.discontinue import Discontinue
from server.batch.stock import UpdateStock
from server.batch.update import UpdateProducts

_LIMIT = "At most 10 000, unless the server is set up otherwise."
_OPTIONS = strawberry.argument(description="How to go about it.")


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
        options: Annotated[inputs.BatchStockOptions | None, _OPTIONS] = UNSET,
    ) -> list[StockUpdateResult]:
        how = options or inputs.BatchStockOptions()
        outcomes = await info.context.services.batches.run(
            UpdateStock(),
            arguments.from_stock_updates(updates),
            arguments.from_stock_options(how),
        )
        return [answers.to_stock_update_result(one) for one in outcomes]

    @strawberry.mutation(
        description="Discontinues many products and takes their stock to 0, with a row in `stockUpdates` for each."
    )
    async def batch_discontinue_products(
        self,
        info: Resolving,
        product_ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The products. {_LIMIT}")
        ],
        options: Annotated[inputs.BatchDiscontinueOptions | None, _OPTIONS] = UNSET,
    ) -> BatchDiscontinueResult:
        how = options or inputs.BatchDiscontinueOptions()
        outcomes = await info.context.services.batches.run(
            Discontinue(),
            arguments.from_product_ids(product_ids),
            arguments.from_stock_options(how),
        )
        return answers.to_discontinue_result(outcomes)

    @strawberry.mutation(
        description="Creates many products. All that is wrong with the fields of one is told at once."
    )
    async def batch_create_products(
        self,
        info: Resolving,
        products: Annotated[
            list[inputs.CreateProductInput],
            strawberry.argument(description=f"The products to be. {_LIMIT}"),
        ],
        options: Annotated[inputs.BatchCreateOptions | None, _OPTIONS] = UNSET,
    ) -> BatchCreateResult:
        how = options or inputs.BatchCreateOptions()
        outcomes = await info.context.services.batches.run(
            CreateProducts(arguments.from_expire_in(how.expire_in)),
            arguments.from_creations(products),
            arguments.from_write_options(how),
        )
        partial_results = arguments.or_default(how.return_partial_results, False)
        return answers.to_create_result(outcomes, partial_results=partial_results)

    @strawberry.mutation(
        description="Changes name, price or category of many products, each in its own way. Several updates of one "
        "product apply in input order. A discontinued product takes none."
    )
    async def batch_update_products(
        self,
        info: Resolving,
        updates: Annotated[
            list[inputs.UpdateProductInput],
            strawberry.argument(description=f"The changes. {_LIMIT}"),
        ],
        options: Annotated[inputs.BatchUpdateOptions | None, _OPTIONS] = UNSET,
    ) -> BatchUpdateResult:
        how = options or inputs.BatchUpdateOptions()
        outcomes = await info.context.services.batches.run(
            UpdateProducts(arguments.from_expire_in(how.expire_in)),
            arguments.from_updates(updates),
            arguments.from_write_options(how),
        )
        partial_results = arguments.or_default(how.return_partial_results, False)
        return answers.to_update_result(outcomes, partial_results=partial_results)

    @strawberry.mutation(
        description="Deletes many products. One that has `stockUpdates` fails with `HAS_STOCK_UPDATES` unless "
        "`cascadeDelete` is true for it or for the batch; then they go in the same transaction."
    )
    async def batch_delete_products(
        self,
        info: Resolving,
        deletes: Annotated[
            list[inputs.DeleteProductInput],
            strawberry.argument(description=f"The products to delete. {_LIMIT}"),
        ],
        options: Annotated[inputs.BatchDeleteOptions | None, _OPTIONS] = UNSET,
    ) -> BatchDeleteResult:
        how = options or inputs.BatchDeleteOptions()
        cascade = arguments.or_default(how.cascade_delete, False)
        outcomes = await info.context.services.batches.run(
            DeleteProducts(),
            arguments.from_deletions(deletes, cascade=cascade),
            arguments.from_delete_options(how),
        )
        return answers.to_delete_result(
            outcomes,
            deleted_items=arguments.or_default(how.return_deleted_items, False),
            partial_results=arguments.or_default(how.return_partial_results, False),
        )
