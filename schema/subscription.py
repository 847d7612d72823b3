"""The subscriptions: what can be watched."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from schema.context import Resolving, Services
from schema.convert.arguments import from_id
from schema.convert.batch_operation import to_batch_operation
from schema.types.batch_operation import BatchOperation
from server.domain import batch_progress
from server.jobs.progress_feed import AT_MOST_EVERY_SECONDS


@strawberry.type(description="What can be watched, over WebSocket (graphql-transport-ws).")
class Subscription:
    @strawberry.subscription(
        description="A batch as it is now, and then after its status or one of its counts has changed. Changes within "
        f"{AT_MOST_EVERY_SECONDS} s are told as one. Ends when the batch has ended: what is published "
        "after that is not told."
    )
    async def batch_progress(
        self,
        info: Resolving,
        id: Annotated[  # noqa: A002 - the contract's name
            strawberry.ID, strawberry.argument(description="The batch: 24 hexadecimal characters.")
        ],
    ) -> AsyncGenerator[BatchOperation, None]:
        services = info.context.services
        states = services.progress.watch(from_id(id, "id"))
        first = await anext(states)  # a batch that is not there refuses the subscription itself
        return _told(first, states, services)


async def _told(
    first: batch_progress.BatchProgress,
    others: AsyncGenerator[batch_progress.BatchProgress, None],
    services: Services,
) -> AsyncGenerator[BatchOperation, None]:
    async with aclosing(others):
        yield to_batch_operation(first, services)
        async for batch in others:
            yield to_batch_operation(batch, services)
