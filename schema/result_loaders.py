"""Reads the results of many batches together, when a list of batches selects them."""

from collections import defaultdict
from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from schema.pace import Pace
from server.domain.item_result import ItemResult
from server.domain.listing import Page, PageRequest
from server.mongo.batches.results import BatchResults

_PageKey = tuple[str, PageRequest, bool | None]
_CountKey = tuple[str, bool | None]


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
        self, batch_id: str, request: PageRequest, success: bool | None
    ) -> Page[ItemResult]:
        """Return a page of a batch's results.

        Raises:
            BadInput: the cursor is malformed or of another list.
        """
        if request.after is not None:  # a cursor is of one batch
            async with self._pace.reading(request.first):
                return await self._results.page(batch_id, request, success=success)
        page = await self._pages.load((batch_id, request, success))
        await self._pace.turn()  # a thousand pages come at once
        return page

    async def count(self, batch_id: str, success: bool | None) -> int:
        """Return how many results a batch has over all pages."""
        return await self._counts.load((batch_id, success))

    async def _load(self, keys: list[_PageKey]) -> Sequence[Page[ItemResult]]:
        alike: defaultdict[tuple[PageRequest, bool | None], list[str]] = defaultdict(list)
        for batch_id, request, success in keys:
            alike[request, success].append(batch_id)
        found: dict[_PageKey, Page[ItemResult]] = {}
        for (request, success), ids in alike.items():
            async with self._pace.reading(request.first * len(ids)):
                pages = await self._results.pages(ids, request, success=success)
            found |= {(one, request, success): page for one, page in zip(ids, pages, strict=True)}
        return [found[key] for key in keys]

    async def _count(self, keys: list[_CountKey]) -> Sequence[int]:
        alike: defaultdict[bool | None, list[str]] = defaultdict(list)
        for batch_id, success in keys:
            alike[success].append(batch_id)
        found: dict[_CountKey, int] = {}
        for success, ids in alike.items():
            counts = await self._results.counts(ids, success)
            found |= {(one, success): count for one, count in zip(ids, counts, strict=True)}
        return [found[key] for key in keys]
