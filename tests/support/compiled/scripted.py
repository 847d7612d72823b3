"""Services that record what they are asked for, and answer with what a test has laid ready."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from schema.context import Context
from schema.pace import Turns
from server.batches.allowance import Allowance
from server.batches.engine.limits import Limits
from server.batches.request import BatchRequest
from server.batches.stored.keyed import KeyedAnswer
from server.batches.stored.submissions import QueueCapacity, QueueLimits, Submitted
from server.domain.batch_progress import BatchProgress
from server.domain.batch_state import BatchState
from server.domain.caller import ANONYMOUS
from server.domain.listing import Page
from server.domain.options import BatchOptions
from server.kinds.kind import BatchWork

NOW = datetime(2026, 1, 31, 12, 0, 0, 123000, UTC)
PROGRESS = BatchProgress(
    id="b" * 24,
    kind="updateStock",
    state=BatchState.PROCESSING,
    total_items=5,
    success_count=2,
    failure_count=1,
    created_by="anonymous",
    created_at=NOW,
    started_at=None,
    completed_at=None,
    error=None,
    retry_of=None,
    publication=None,
)


@dataclass
class Scripted:
    """Every use case records its call and answers `outcomes`, or raises it if it is an error.

    `limit` is the most items of a request, here and in the background.
    """

    outcomes: Any = ()
    is_replay: bool = False
    limit: int = 10_000
    max_cost: int = 20_000
    calls: list[Any] = field(default_factory=list)

    def context(self, key_headers: Sequence[str] = ()) -> Context:
        services: Any = SimpleNamespace(
            engine=SimpleNamespace(run=self._run, limits=Limits(items=self.limit)),
            keyed=SimpleNamespace(run=self._run_keyed),
            submissions=SimpleNamespace(
                submit=self._submit,
                capacity=QueueCapacity(queue=_NO_QUEUE, limits=QueueLimits(items=self.limit)),
            ),
            products=SimpleNamespace(page=self._page, count=self._count, by_ids=None),
            ledger=SimpleNamespace(page=self._page, count=self._count),
            batches=SimpleNamespace(page=self._page, count=self._count),
            results=SimpleNamespace(
                page=self._page, pages=self._pages, count=self._count, counts=self._counts
            ),
            allowance=Allowance(_NO_CALLERS),
            clock=lambda: NOW,
            turns=Turns(),
            max_query_cost=self.max_cost,
            is_production=False,
        )
        return Context(services, key_headers=key_headers, caller=ANONYMOUS)

    async def _run(self, work: BatchWork[Any, Any], items: Any, options: BatchOptions) -> Any:
        self.calls.append(("run", work.kind.name, work.settings, repr(items), options))
        return self._outcome(lambda outcomes: outcomes)

    async def _run_keyed(self, request: BatchRequest, inputs: Any) -> Any:
        self._record_stored("keyed", request, inputs)
        return self._outcome(
            lambda outcomes: KeyedAnswer(outcomes=outcomes, replayed=self.is_replay)
        )

    async def _submit(self, request: BatchRequest, inputs: Any) -> Any:
        self._record_stored("submit", request, inputs)
        return self._outcome(lambda _: Submitted(batch=PROGRESS, replayed=self.is_replay))

    async def _page(self, *asked: Any, **also: Any) -> Any:
        self.calls.append(("page", asked, also))
        return self._outcome(
            lambda outcomes: Page(
                items=outcomes, cursors=["c"] * len(outcomes), has_next=False, has_previous=False
            )
        )

    async def _pages(self, ids: Sequence[str], *asked: Any, **also: Any) -> Any:
        return [await self._page(one, *asked, **also) for one in ids]

    async def _count(self, *_: Any) -> int:
        return 3

    async def _counts(self, ids: Sequence[str], *_: Any) -> Sequence[int]:
        return [3 for _ in ids]

    def _record_stored(self, called: str, request: BatchRequest, inputs: Any) -> None:
        """Record the items in JSON, which keeps the order of their fields: they are stored so."""
        asked = (request.options, request.key, request.answer_options, request.work.settings)
        self.calls.append((called, request.work.kind.name, json.dumps(list(inputs)), asked))

    def _outcome(self, answer: Callable[[Any], Any]) -> Any:
        if isinstance(self.outcomes, Exception):
            raise self.outcomes
        return answer(self.outcomes)


_NO_QUEUE: Any = None
_NO_CALLERS: Any = None  # nothing asks them: there is no limit
