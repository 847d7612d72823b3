"""Batches whose caller waits for the outcomes, with or without an idempotency key."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from schema.context import Context
from schema.idempotency import key_of
from server.batches.request import BatchRequest
from server.domain.caller import Role
from server.domain.item_result import Input
from server.domain.refusal import answered_with


async def run_batch(
    context: Context,
    request: BatchRequest,
    inputs: Sequence[Input],
    idempotency_key: str | None,
) -> Sequence[Any]:
    """Return the outcome of every item, in input order.

    Without a key the engine runs the batch and stores nothing. With a key it is a stored batch, which
    this request runs, finishes or finds finished.

    Raises:
        RequestError: the caller may not, the batch is too large, the caller has sent too many items, or the key is
            invalid, in use, or another request's.
    """
    context.caller.require(Role.OPERATOR)
    key, services = key_of(context, idempotency_key), context.services
    name = context.caller.name
    work = request.work.by(name)
    with context.changing():
        async with services.allowance.charged(context.charged_to) as charge:
            is_replay = (
                key is not None
                and services.allowance.is_on
                and await services.keyed.keys.is_held(name, key)
            )
            if not is_replay:  # a repetition costs nothing
                await charge.add(len(inputs))
            if key is None:
                return await services.engine.run(work, await work.items(inputs), request.options)
            request = replace(request, key=key, created_by=name, work=work)
            with answered_with(key):
                answer = await services.keyed.run(request, inputs)
            if answer.replayed:
                await charge.give_back()
                context.is_replay = True
            return answer.outcomes
