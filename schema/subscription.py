"""The subscriptions: what can be watched."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from schema.context import Resolving
from schema.convert.arguments import from_id
from schema.convert.batch_operation import to_batch_operation
from schema.types.batch_operation import BatchOperation


@strawberry.type(description="What can be watched, over WebSocket (graphql-transport-ws).")
class Subscription:
    @strawberry.subscription(
        description="A batch as it is now, and then each time that its counts or its status change. Ends when the "
        "batch has ended."
    )
    async def batch_progress(
        self,
        info: Resolving,
        id: Annotated[  # noqa: A002 - the contract's name
            strawberry.ID, strawberry.argument(description="The batch.")
        ],
    ) -> AsyncGenerator[BatchOperation, None]:
        services = info.context.services
        async with aclosing(services.progress.watch(from_id(id, "id"))) as states:
            async for batch in states:
                yield to_batch_operation(batch, services)
