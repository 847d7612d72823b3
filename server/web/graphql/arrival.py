"""A request at `/graphql`: what is known before it begins, and whether it needs its caller."""

from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from starlette.requests import Request
from strawberry.http import GraphQLRequestData

from schema import schema
from schema.compiled.operations import Operation
from schema.context import Context
from server.web.admission.admission import Newcomer, work_of
from server.web.admission.leaving import left, unless_left
from server.web.connections.flight import BODY, BodyBytes
from server.web.key import has_key

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request over HTTP. `known` is its operation if the text came before."""

    request: Request
    context: Context
    known: Operation | None
    has_key: bool
    newcomer: Newcomer

    async def run(self, running: Coroutine[Any, Any, T]) -> T:
        """Run the request, and return its result. A query ends when its caller leaves.

        Raises:
            ClientDisconnect: the caller has left.
        """
        if self.known is not None and self.known.changes:
            return await running
        return await unless_left(self.request, running, self._stays)

    def _stays(self) -> bool:
        """Return whether the request goes on without its caller.

        A mutation that has begun does, and one with a key also before: until its text has been read
        it could be one.
        """
        changes = self.context.notes.changes
        return self.has_key if changes is None else changes


def arrival(request: Request, sent: GraphQLRequestData, context: Context) -> Arrival:
    """Return what is known of a request once its body has been read."""
    text, keyed = sent.query or "", has_key(request, sent)
    known = schema.operations.known(sent.query, sent.operation_name)
    body: BodyBytes | None = request.scope.get("state", {}).get(BODY)
    stays = keyed and (known is None or known.changes)
    newcomer = Newcomer(
        caller=context.charged_to,
        work=work_of(body.size if body else len(text)),
        cost=known_cost(known, sent.variables, context),
        left=None if stays else partial(left, request),
    )
    return Arrival(request, context, known, keyed, newcomer)


def known_cost(known: Operation | None, sent: dict[str, Any] | None, context: Context) -> int:
    """Return what a request costs as far as that is known; 0 if it will be refused."""
    return known.work(sent or {}, context.services.max_query_cost) if known is not None else 0
