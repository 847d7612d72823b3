"""The mutations: convert, call, convert."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Resolving
from schema.convert import answers, arguments
from schema.convert.batch_operation import to_batch_operation
from schema.convert.submission import from_operation
from schema.idempotency import ABOUT_KEYS, IdempotencyKey, key_of
from schema.inputs import items
from schema.inputs.batch_operation import BatchOperationInput
from schema.inputs.options import (
    BatchCreateOptions,
    BatchDeleteOptions,
    BatchDiscontinueOptions,
    BatchStockOptions,
    BatchUpdateOptions,
)
from schema.synchronous import run
from schema.types.batch_create_result import BatchCreateResult
from schema.types.batch_delete_result import BatchDeleteResult
from schema.types.batch_discontinue_result import BatchDiscontinueResult
from schema.types.batch_operation import BatchOperation
from schema.types.batch_update_result import BatchUpdateResult
from schema.types.stock_update_result import StockUpdateResult
from server.batches.idempotency.key import HEADER
from server.batches.request import BatchRequest
from server.domain.item_result import Input
from server.domain.refusal import answered_with
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK

_LIMIT = "At most 10 000, unless the server is set up otherwise."
_OPTIONS = strawberry.argument(description="How to go about it. Default: each option's own.")

BatchId = Annotated[
    strawberry.ID, strawberry.argument(description="The batch: 24 hexadecimal characters.")
]


@strawberry.type(
    description="What can be changed. What is wrong with an item is told in the answer, never in `errors`. One error of "
    "a whole mutation, such as `BATCH_TOO_LARGE`, answers `data: null` for all mutations of the request, those that "
    "took effect included: send one mutation per request, or each with an idempotency key."
)
class Mutation:
    @strawberry.mutation(
        description="Changes the stock of many products. Several updates of one product apply in input order. "
        "Each leaves a row in `stockUpdates`, applied or failed, but for those with a malformed id, those that were never "
        "begun, those that failed because the database could not be reached, and all of a dry run."
    )
    async def batch_update_stock(
        self,
        info: Resolving,
        updates: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.StockUpdateInput], description=f"The changes. {_LIMIT}"
            ),
        ],
        options: Annotated[BatchStockOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> list[StockUpdateResult]:
        how = options or BatchStockOptions()
        outcomes = await run(
            info.context,
            UPDATE_STOCK.work(),
            updates,
            arguments.from_stock_options(how),
            idempotency_key,
        )
        return [answers.to_stock_update_result(one) for one in outcomes]

    @strawberry.mutation(
        description="Discontinues many products and takes their stock to 0, with a row in `stockUpdates` for each one that "
        "this changes: none for one that was discontinued already or that failed, and none in a dry run."
    )
    async def batch_discontinue_products(
        self,
        info: Resolving,
        product_ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(
                description=f"The products: 24 hexadecimal characters each. {_LIMIT}"
            ),
        ],
        options: Annotated[BatchDiscontinueOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchDiscontinueResult:
        how = options or BatchDiscontinueOptions()
        outcomes = await run(
            info.context,
            DISCONTINUE_PRODUCTS.work(),
            arguments.from_product_ids(product_ids),
            arguments.from_stock_options(how),
            idempotency_key,
        )
        return answers.to_discontinue_result(outcomes)

    @strawberry.mutation(
        description="Creates many products. All that is wrong with the fields of one is told at once."
    )
    async def batch_create_products(
        self,
        info: Resolving,
        products: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.CreateProductInput],
                description=f"The products to be. {_LIMIT}",
            ),
        ],
        options: Annotated[BatchCreateOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchCreateResult:
        how = options or BatchCreateOptions()
        partial_results = arguments.or_default(how.return_partial_results, False)
        outcomes = await run(
            info.context,
            arguments.from_kind_options(CREATE_PRODUCTS, expireIn=how.expire_in),
            products,
            arguments.from_write_options(how),
            idempotency_key,
            partial_results=partial_results,
        )
        return answers.to_create_result(outcomes, partial_results=partial_results)

    @strawberry.mutation(
        description="Changes name, price or category of many products, each in its own way. Several updates of one "
        "product apply in input order. A discontinued product takes none."
    )
    async def batch_update_products(
        self,
        info: Resolving,
        updates: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.UpdateProductInput], description=f"The changes. {_LIMIT}"
            ),
        ],
        options: Annotated[BatchUpdateOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchUpdateResult:
        how = options or BatchUpdateOptions()
        partial_results = arguments.or_default(how.return_partial_results, False)
        outcomes = await run(
            info.context,
            arguments.from_kind_options(UPDATE_PRODUCTS, expireIn=how.expire_in),
            updates,
            arguments.from_write_options(how),
            idempotency_key,
            partial_results=partial_results,
        )
        return answers.to_update_result(outcomes, partial_results=partial_results)

    @strawberry.mutation(
        description="Deletes many products. One that has `stockUpdates` fails with `HAS_STOCK_UPDATES` unless "
        "`cascadeDelete` is true for it or for the batch; then they go in the same transaction."
    )
    async def batch_delete_products(
        self,
        info: Resolving,
        deletes: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.DeleteProductInput],
                description=f"The products to delete. {_LIMIT}",
            ),
        ],
        options: Annotated[BatchDeleteOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchDeleteResult:
        how = options or BatchDeleteOptions()
        shown = {
            "deleted_items": arguments.or_default(how.return_deleted_items, False),
            "partial_results": arguments.or_default(how.return_partial_results, False),
        }
        outcomes = await run(
            info.context,
            arguments.from_kind_options(DELETE_PRODUCTS, cascadeDelete=how.cascade_delete),
            deletes,
            arguments.from_delete_options(how),
            idempotency_key,
            **shown,
        )
        return answers.to_delete_result(outcomes, **shown)

    @strawberry.mutation(
        description="Takes a batch to be done in the background and answers at once: from then on it is done whatever "
        "happens to the servers. Watch it with `batchProgress` or ask for `batchOperation`. If too much waits already, "
        "it is refused with `QUEUE_FULL` and nothing is stored."
    )
    async def submit_batch(
        self,
        info: Resolving,
        operation: Annotated[
            Input,
            strawberry.argument(
                graphql_type=BatchOperationInput,
                description="What is to be done, to at most 100 000 items unless the server is set up otherwise. Send the "
                "items in variables: the text of a query may have 200 000 tokens.",
            ),
        ],
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchOperation:
        key = key_of(info.context, idempotency_key)
        what = from_operation(operation)
        request = BatchRequest(work=what.work, options=what.options, key=key)
        with answered_with(key):
            submitted = await info.context.services.submissions.submit(request, what.inputs)
        info.context.is_replay |= submitted.replayed
        return to_batch_operation(submitted.batch, info.context.services)

    @strawberry.mutation(
        description="Has a batch end soon: chunks that have begun go on to their end, the other items are `CANCELLED`. "
        "What was applied stays, and is counted. Cancelling it again changes nothing; one that has ended otherwise is refused with `BAD_INPUT`."
    )
    async def cancel_batch(self, info: Resolving, id: BatchId) -> BatchOperation:  # noqa: A002
        services = info.context.services
        batch = await services.control.cancel(arguments.from_id(id, "id"))
        return to_batch_operation(batch, services)

    @strawberry.mutation(
        description="Submits the failed items of a batch that has ended as a new batch, whose `retryOf` names the old "
        f"one. Refused if no item failed. Sent twice, it makes two batches. The HTTP header `{HEADER}` makes it safe to send this again. {ABOUT_KEYS}"
    )
    async def retry_batch(self, info: Resolving, id: BatchId) -> BatchOperation:  # noqa: A002
        services = info.context.services
        key = key_of(info.context, None)
        with answered_with(key):
            submitted = await services.control.retry(arguments.from_id(id, "id"), key)
        info.context.is_replay |= submitted.replayed
        return to_batch_operation(submitted.batch, services)

    @strawberry.mutation(
        description="Publishes once more those prices of a batch whose publication failed. Refused where the server is "
        "not set up to publish."
    )
    async def retry_publication(self, info: Resolving, id: BatchId) -> BatchOperation:  # noqa: A002
        services = info.context.services
        batch = await services.control.retry_publication(arguments.from_id(id, "id"))
        return to_batch_operation(batch, services)
