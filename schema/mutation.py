"""The mutations. Each resolver converts its arguments, makes one call, and converts the answer."""

from dataclasses import replace
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Resolving
from schema.convert import answers, arguments, batch_request
from schema.convert.batch_operation import to_batch_operation
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
from schema.synchronous import run_batch
from schema.types.batch_create_result import BatchCreateResult
from schema.types.batch_delete_result import BatchDeleteResult
from schema.types.batch_discontinue_result import BatchDiscontinueResult
from schema.types.batch_operation import BatchOperation
from schema.types.batch_update_result import BatchUpdateResult
from schema.types.stock_update_result import StockUpdateResult
from server.batches.idempotency.key import HEADER
from server.domain.caller import Role
from server.domain.item_result import Input
from server.domain.refusal import answered_with

_OTHER_LIMITS = (
    "The server may be set up with other limits; more are refused with `BATCH_TOO_LARGE`."
)
_LIMIT = f"At most 10 000, or 5 000 with `atomic: true`. {_OTHER_LIMITS}"
_LIMIT_IF_ATOMIC_BY_DEFAULT = f"At most 5 000, or 10 000 with `atomic: false`. {_OTHER_LIMITS}"
_OPTIONS = strawberry.argument(description="Options of the batch. Every option has a default.")

BatchId = Annotated[
    strawberry.ID, strawberry.argument(description="Id of the batch: 24 hexadecimal characters.")
]


@strawberry.type(
    description="All changes that a client can make. An error of an item is part of the result, never of `errors`. If a "
    "mutation fails as a whole, as with `BATCH_TOO_LARGE`, the response has `data: null` for all its mutations, even for "
    "those that took effect. So send one mutation per request, or give each its own idempotency key. The server may limit the "
    "items that a caller sends in a minute: above that, `RATE_LIMITED`, with `retryAfterSeconds` in the error's `extensions`."
)
class Mutation:
    @strawberry.mutation(
        description="Changes the stock of many products. Several updates of one product apply in input order. Every update "
        "leaves a row in the ledger (`stockUpdates`), applied or failed, with four exceptions: an update with a malformed "
        "product id, an update that was never begun, an update that failed because the database could not be reached, and "
        "any update of a dry run."
    )
    async def batch_update_stock(
        self,
        info: Resolving,
        updates: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.StockUpdateInput],
                description=f"The stock updates. {_LIMIT}",
            ),
        ],
        options: Annotated[BatchStockOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> list[StockUpdateResult]:
        request = batch_request.from_stock_options(options)
        outcomes = await run_batch(info.context, request, updates, idempotency_key)
        load = answers.product_loader(info.context, dry_run=request.options.dry_run)
        return await answers.to_stock_update_results(outcomes, load)

    @strawberry.mutation(
        description="Discontinues many products and sets their stock to 0. Every product that this changes gets a row in "
        "the ledger (`stockUpdates`). A product that was already discontinued gets none, nor does an item that failed, nor "
        "a dry run."
    )
    async def batch_discontinue_products(
        self,
        info: Resolving,
        product_ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(
                description=f"Ids of the products, 24 hexadecimal characters each. {_LIMIT}"
            ),
        ],
        options: Annotated[BatchDiscontinueOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchDiscontinueResult:
        request = batch_request.from_discontinue_options(options)
        inputs = arguments.from_product_ids(product_ids)
        outcomes = await run_batch(info.context, request, inputs, idempotency_key)
        load = answers.product_loader(info.context, dry_run=request.options.dry_run)
        return answers.to_discontinue_result(outcomes, load)

    @strawberry.mutation(
        description="Creates many products. An item that fails reports all of its invalid fields at once."
    )
    async def batch_create_products(
        self,
        info: Resolving,
        products: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.CreateProductInput],
                description=f"The products to create. {_LIMIT_IF_ATOMIC_BY_DEFAULT}",
            ),
        ],
        options: Annotated[BatchCreateOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchCreateResult:
        request = batch_request.from_create_options(options)
        outcomes = await run_batch(info.context, request, products, idempotency_key)
        return answers.to_create_result(outcomes, **request.answer_options)

    @strawberry.mutation(
        description="Changes the name, price or category of many products, each in its own way. Several updates of one "
        "product apply in input order. A discontinued product accepts no updates."
    )
    async def batch_update_products(
        self,
        info: Resolving,
        updates: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.UpdateProductInput],
                description=f"The product updates. {_LIMIT_IF_ATOMIC_BY_DEFAULT}",
            ),
        ],
        options: Annotated[BatchUpdateOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchUpdateResult:
        request = batch_request.from_update_options(options)
        outcomes = await run_batch(info.context, request, updates, idempotency_key)
        return answers.to_update_result(outcomes, **request.answer_options)

    @strawberry.mutation(
        description="Deletes many products. A product that has ledger rows (`stockUpdates`) fails with "
        "`HAS_STOCK_UPDATES`, unless `cascadeDelete` is true for its item or for the batch: then its rows are deleted in "
        "the same transaction. Updates that wait in a background batch count as rows for this; a cascade leaves them to "
        "their batch, where they fail."
    )
    async def batch_delete_products(
        self,
        info: Resolving,
        deletes: Annotated[
            list[Input],
            strawberry.argument(
                graphql_type=list[items.DeleteProductInput],
                description=f"The products to delete. {_LIMIT_IF_ATOMIC_BY_DEFAULT}",
            ),
        ],
        options: Annotated[BatchDeleteOptions | None, _OPTIONS] = UNSET,
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchDeleteResult:
        request = batch_request.from_delete_options(options)
        outcomes = await run_batch(info.context, request, deletes, idempotency_key)
        return answers.to_delete_result(outcomes, **request.answer_options)

    @strawberry.mutation(
        description="Stores a batch, to run in the background, and answers at once. From then on the batch runs to its end "
        "even if servers restart. Follow it with the subscription `batchProgress` or the query `batchOperation`. If "
        "too many chunks are waiting already, the batch is refused with `QUEUE_FULL`, and if too many batches of the caller are, "
        "where the server limits that, with `RATE_LIMITED`. Nothing is stored then."
    )
    async def submit_batch(
        self,
        info: Resolving,
        operation: Annotated[
            Input,
            strawberry.argument(
                graphql_type=BatchOperationInput,
                description="The batch to run, at most 100 000 items unless the server is set up otherwise; more are refused "
                "with `BATCH_TOO_LARGE`. Send the items in variables: the text of a query may have 15 000 tokens.",
            ),
        ],
        idempotency_key: IdempotencyKey = UNSET,
    ) -> BatchOperation:
        services, context = info.context.services, info.context
        context.caller.require(Role.OPERATOR)
        key = key_of(context, idempotency_key)
        request, inputs = batch_request.from_operation(operation, key)
        request = replace(request, created_by=context.caller.name, charged_to=context.charged_to)
        with info.context.changing(), answered_with(key):
            submitted = await services.submissions.submit(request, inputs)
        info.context.is_replay |= submitted.replayed
        return to_batch_operation(submitted.batch, info.context)

    @strawberry.mutation(
        description="Cancels a stored batch. Chunks that have begun run to their end; all other items are `CANCELLED`. "
        "Items that were applied stay applied and are counted. Cancelling a cancelled batch again changes nothing; a batch "
        "that has ended in another state is refused with `BAD_INPUT`."
    )
    async def cancel_batch(self, info: Resolving, id: BatchId) -> BatchOperation:  # noqa: A002
        services, caller = info.context.services, info.context.caller
        caller.require(Role.OPERATOR)
        with info.context.changing():
            batch = await services.control.cancel(arguments.from_id(id, "id"), caller)
        return to_batch_operation(batch, info.context)

    @strawberry.mutation(
        description="Submits the failed items of a batch as a new batch, whose `retryOf` is the id of the old one. Refused "
        "with `BAD_INPUT` if the old batch has not ended, was not submitted, or has no failed item. A second call creates a "
        f"second batch, unless both calls send the same key in the HTTP header `{HEADER}`. {ABOUT_KEYS}"
    )
    async def retry_batch(self, info: Resolving, id: BatchId) -> BatchOperation:  # noqa: A002
        services, caller = info.context.services, info.context.caller
        caller.require(Role.OPERATOR)
        key = key_of(info.context, None)
        with info.context.changing(), answered_with(key):
            submitted = await services.control.retry(
                arguments.from_id(id, "id"), key, caller, charged_to=info.context.charged_to
            )
        info.context.is_replay |= submitted.replayed
        return to_batch_operation(submitted.batch, info.context)

    @strawberry.mutation(
        description="Publishes again those prices of a batch that could not be published. Refused with `BAD_INPUT` if the "
        "batch publishes nothing or the server is not set up to publish prices."
    )
    async def retry_publication(self, info: Resolving, id: BatchId) -> BatchOperation:  # noqa: A002
        services, caller = info.context.services, info.context.caller
        caller.require(Role.OPERATOR)
        with info.context.changing():
            batch = await services.control.retry_publication(arguments.from_id(id, "id"), caller)
        return to_batch_operation(batch, info.context)
