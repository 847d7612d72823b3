"""Reads the results of many batches together, when a list of batches selects them."""

from collections import defaultdict
from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from schema.pace import Pace
from server.domain.item_result import ItemResult
from server.domain.listing import Page, PageRequest
from server.domain.result_filter import ResultFilter
from server.mongo.batches.results import BatchResults

_PageKey = tuple[str, PageRequest, ResultFilter]
_CountKey = tuple[str, ResultFilter]


class ResultLoaders:
    """Collects what the resolvers of one operation ask for at the same time.

    Nothing is cached: a subscription asks again after each change.
    """

    def __init__(self, results: BatchResults, pace: Pace) -> None:
        self._results = results
        self._pace = pace
        self._pages: DataLoader[_PageKey, Page[ItemResult]] = DataLoader(self._load, cache=False)
        self._counts: DataLoader[_CountKey, int] = DataLoader(self._count, cache=False)

    async def page(
        self, batch_id: str, request: PageRequest, where: ResultFilter
    ) -> Page[ItemResult]:
        """Return a page of a batch's results.

        Raises:
            BadInput: the cursor is malformed or of another list.
        """
        if request.after is not None:  # a cursor is of one batch
            async with self._pace.reading(request.first):
                return await self._results.page(batch_id, request, where)
        page = await self._pages.load((batch_id, request, where))
        await self._pace.turn()  # a thousand pages come at once
        return page

    async def count(self, batch_id: str, where: ResultFilter) -> int:
        """Return how many results a batch has over all pages."""
        return await self._counts.load((batch_id, where))

    async def _load(self, keys: list[_PageKey]) -> Sequence[Page[ItemResult]]:
        alike: defaultdict[tuple[PageRequest, ResultFilter], list[str]] = defaultdict(list)
        for batch_id, request, where in keys:
            alike[request, where].append(batch_id)
        found: dict[_PageKey, Page[ItemResult]] = {}
        for (request, where), ids in alike.items():
            async with self._pace.reading(request.first * len(ids)):
                pages = await self._results.pages(ids, request, where)
            found |= {(one, request, where): page for one, page in zip(ids, pages, strict=True)}
        return [found[key] for key in keys]

    async def _count(self, keys: list[_CountKey]) -> Sequence[int]:
        alike: defaultdict[ResultFilter, list[str]] = defaultdict(list)
        for batch_id, where in keys:
            alike[where].append(batch_id)
        found: dict[_CountKey, int] = {}
        for where, ids in alike.items():
            counts = await self._results.counts(ids, where)
            found |= {(one, where): count for one, count in zip(ids, counts, strict=True)}
        return [found[key] for key in keys]
