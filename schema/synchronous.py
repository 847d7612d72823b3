"""A batch that its caller waits for: run at once, or as a stored batch if it has a key."""

from collections.abc import Sequence
from typing import Any

from schema.context import Context
from schema.idempotency import key_of
from server.batches.request import BatchRequest
from server.domain.item_result import Input
from server.domain.options import BatchOptions
from server.domain.refusal import answered_with
from server.kinds.kind import BatchWork


async def run(
    context: Context,
    work: BatchWork[Any, Any],
    inputs: Sequence[Input],
    options: BatchOptions,
    idempotency_key: str | None,
    **answer_options: bool,
) -> Sequence[Any]:
    """The outcome of every item, of the operation's own kinds, in input order.

    `answer_options` decide only what of it is shown; a key stands for them, too.

    Raises:
        RequestError: the batch is too large, or the key is not to be used for it.
    """
    key = key_of(context, idempotency_key)
    if key is None:
        return await context.services.engine.run(work, work.items(inputs), options)
    with answered_with(key):
        answer = await context.services.keyed.run(
            BatchRequest(work=work, options=options, key=key, answer_options=answer_options),
            inputs,
        )
    context.is_replay |= answer.replayed
    return answer.outcomes
