"""The subscriptions: what a client can watch."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from schema.context import Context, Resolving
from schema.convert.arguments import from_id
from schema.convert.batch_operation import to_batch_operation
from schema.types.batch_operation import BatchOperation
from server.domain.batch_progress import BatchProgress
from server.domain.caller import Role
from server.domain.place import current_place
from server.jobs.progress_feed import AT_MOST_EVERY_SECONDS


@strawberry.type(description="All that a client can watch, over WebSocket (graphql-transport-ws).")
class Subscription:
    @strawberry.subscription(
        description="The progress of a stored batch: the batch as it is now, and again after each change of its status or its "
        f"counts. Changes within {AT_MOST_EVERY_SECONDS} s are sent as one, and so are those that come while the server is too busy to "
        "send them: each event has its turn by what it reads. Ends when the batch has ended; prices that are "
        "published later are not reported."
    )
    async def batch_progress(
        self,
        info: Resolving,
        id: Annotated[  # noqa: A002 - the contract's name
            strawberry.ID,
            strawberry.argument(description="Id of the batch: 24 hexadecimal characters."),
        ],
    ) -> AsyncGenerator[BatchOperation, None]:
        caller = info.context.caller
        caller.require(Role.OPERATOR)
        feed = info.context.services.progress
        later = feed.watch(from_id(id, "id"), caller.sees_batches_of, current_place())
        # Waiting for the first state here refuses the subscription itself if there is no such batch.
        first = await anext(later)
        return _stream(first, later, info.context)


async def _stream(
    first: BatchProgress, later: AsyncGenerator[BatchProgress, None], context: Context
) -> AsyncGenerator[BatchOperation, None]:
    async with aclosing(later):
        yield to_batch_operation(first, context)
        async for batch in later:
            yield to_batch_operation(batch, context)
