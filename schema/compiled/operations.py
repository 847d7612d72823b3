"""The compiled operations: what is known of each text that came before."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult, get_operation_ast
from graphql import OperationType as Kind
from strawberry.types.graphql import OperationType

from schema.compiled.counting import ItemList, item_lists, refused_by_count
from schema.compiled.plan import Plan, plan_of
from schema.compiled.reading import Uncompilable
from schema.compiled.stock import PlannedRequest
from schema.limits.cost import Cost, cost_of
from schema.limits.text import is_short

_KEPT = 128  # texts, as many as Strawberry's caches keep


@dataclass(frozen=True, slots=True)
class Operation:
    """A validated operation. `plan` is None if the stock executor must run it."""

    cost: Cost
    item_lists: Sequence[ItemList]
    plan: Plan | None
    changes: bool  # it is a mutation

    def is_allowed(self, allowed: set[OperationType]) -> bool:
        """Return whether there is a plan, and a request of these types may use it."""
        return self.plan is not None and self.plan.operation_type in allowed

    def work(self, sent: Mapping[str, Any], most: int) -> int:
        """Return the cost of a request; 0 if it is more than `most`, because `run` refuses it."""
        cost = self.cost.of(sent)
        return cost if cost <= most else 0

    async def run(self, request: PlannedRequest, sent: Mapping[str, Any]) -> ExecutionResult | None:
        """Return the answer. None if the stock executor must run the request: nothing was done.

        Raises:
            QueryTooExpensive: the operation costs more than the limit; nothing was done.
            Overloaded: there is no time for an operation of this cost; nothing was done.
        """
        cost = self.cost.check(sent, request.context)
        if request.context is not None:
            await request.context.begin(cost, changes=self.changes)
        refused = refused_by_count(self.item_lists, sent, request.context)
        if refused is not None or self.plan is None:
            return refused
        return await self.plan.run(request, sent)


@dataclass(slots=True)
class CompiledOperations:
    """The operations of texts that came before, of which the least recently used is forgotten.

    `is_on` is for tests and measurements: without it every request takes the stock executor.
    """

    schema: strawberry.Schema
    is_on: bool = True
    _kept: OrderedDict[tuple[str, str | None], Operation] = field(default_factory=OrderedDict)

    def known(self, text: str | None, operation_name: str | None) -> Operation | None:
        """Return the operation of a text that was validated before; a long one is never kept."""
        if text and not is_short(text):
            return None
        key = (text or "", operation_name)
        operation = self._kept.get(key)
        if operation is not None:
            self._kept.move_to_end(key)
        return operation if self.is_on else None

    def learn(
        self, text: str | None, operation_name: str | None, document: DocumentNode
    ) -> Operation:
        """Return the operation of a document that has just been validated, and keep it."""
        known = self.known(text, operation_name)
        if known is not None:
            return known
        cost = cost_of(self.schema._schema, document, operation_name)  # noqa: SLF001 - graphql-core's
        lists = item_lists(document, operation_name)
        changes = _changes(document, operation_name)
        if not (self.is_on and text and is_short(text)):
            return Operation(cost, lists, None, changes)
        plan = self._plan(document, operation_name)
        operation = Operation(cost, lists, plan, changes)
        self._kept[text, operation_name] = operation
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return operation

    def forget(self) -> None:
        """Forget all texts."""
        self._kept.clear()

    def _plan(self, document: DocumentNode, operation_name: str | None) -> Plan | None:
        try:
            return plan_of(self.schema, document, operation_name)
        except (Uncompilable, RecursionError):
            return None


def _changes(document: DocumentNode, operation_name: str | None) -> bool:
    operation = get_operation_ast(document, operation_name)
    return operation is not None and operation.operation is Kind.MUTATION
