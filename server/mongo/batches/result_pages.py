"""Pages of the results of many batches at once, read with two commands, or a few more of very many.

The first command finds the chunks that hold the pages, and the second one reads these results of
them and nothing else: a page of one result does not read a chunk of a thousand.

While a batch runs, its lanes are not equally far. Its results end before the first chunk that is
not done: so none appears later before one that a reader has seen, and the cursor of a page leads to
all that follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from server.domain.item_result import ItemResult
from server.domain.lanes import MOST_LANES
from server.domain.result_filter import ALL_RESULTS, ResultFilter
from server.mongo.batches.documents import FAILED, ToOutcome
from server.mongo.batches.pause import Pause
from server.mongo.batches.stored_results import results_of
from server.mongo.collections import CHUNKS_BY_FIRST
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

_CHUNKS_AT_ONCE = 100
_SEARCH_MS = 10_000  # a search reads every result of a batch: about 1 s for each million
_CHUNKS_IN_A_REPLY = 50_000  # some 6 MB; MongoDB's replies have 16 at most


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPages:
    """The first `count` results behind the item `after`; of those that meet `where`."""

    count: int
    after: int = -1
    where: ResultFilter = ALL_RESULTS

    async def read(
        self, database: Database, batch_ids: Sequence[str], to_outcome: ToOutcome
    ) -> Mapping[str, Sequence[ItemResult]]:
        """Return the results of each batch, in input order; a batch without any is left out."""
        found: dict[str, list[ItemResult]] = {}
        at_once = max(1, _CHUNKS_IN_A_REPLY // (self.count + MOST_LANES))
        with translated():
            for start in range(0, len(batch_ids), at_once):
                await self._read(database, batch_ids[start : start + at_once], to_outcome, found)
        for results in found.values():
            results.sort(key=lambda result: result.index)
            del results[self.count :]
        return found

    async def _read(
        self,
        database: Database,
        batch_ids: Sequence[str],
        to_outcome: ToOutcome,
        found: dict[str, list[ItemResult]],
    ) -> None:
        """Add the results of these batches to `found`."""
        reached = await self._reached(database, batch_ids)
        ends = {str(one["batch"]): end for chunks, end in reached for one in chunks}
        needed = {"_id": {"$in": [one for chunks, _ in reached for one in chunks]}}
        pause = Pause()
        async for chunk in database["batchChunks"].find(
            needed, self._part, batch_size=_CHUNKS_AT_ONCE
        ):
            results, end = results_of(chunk, to_outcome), ends[str(chunk["batchId"])]
            shown = [result for result in results if end is None or result.index < end]
            found.setdefault(str(chunk["batchId"]), []).extend(shown)
            await pause.after(len(results))

    async def _reached(
        self, database: Database, batch_ids: Sequence[str]
    ) -> Sequence[tuple[Sequence[Document], int | None]]:
        """Return the ids of the chunks that may hold results of each page, and where they end.

        Chunks of one lane do not overlap. So of the chunks before a given one, all but the last
        of each lane hold smaller indexes only.
        """
        first_chunks = {"$firstN": {"input": _PLACE, "n": self.count + MOST_LANES}}
        conditions = _conditions(self.where, self.after)
        search: list[Document] = []
        if self.where.searches:
            found = {"$ne": ["$found", 0]}
            search = [
                {"$set": {"found": {"$size": _matching(conditions)}}},
                {"$match": {"$expr": {"$or": [found, {"$eq": ["$status", "pending"]}]}}},
            ]
        reply = await database.command(
            {
                "aggregate": "batchChunks",
                "pipeline": [
                    {"$match": self._query(batch_ids)},
                    *search,
                    {"$sort": {"batchId": 1, "first": 1}},
                    {"$group": {"_id": "$batchId", "chunks": first_chunks}},
                ],
                "hint": CHUNKS_BY_FIRST,
                "maxTimeMS": _SEARCH_MS,
                "cursor": {"batchSize": len(batch_ids) + 1},
                "readConcern": {"level": "majority"},
            }
        )
        batches = reply["cursor"]["firstBatch"]
        return [self._first(batch["chunks"]) for batch in batches]

    def _query(self, batch_ids: Sequence[str]) -> Document:
        counts = ["successCount", "failureCount"]
        if self.where.success is not None:
            counts = ["successCount" if self.where.success else "failureCount"]
        return {
            "batchId": {"$in": [ObjectId(one) for one in batch_ids]},
            "last": {"$gt": self.after},
            "$or": [*({count: {"$gt": 0}} for count in counts), {"status": "pending"}],
        }

    def _first(self, chunks: Sequence[Document]) -> tuple[Sequence[Document], int | None]:
        """Return the ids of those chunks, in their order, that the page can reach into.

        Return with them the first index of the first chunk that is not done; None if the page ends
        before it.
        """
        ids: list[Document] = []
        results, last = 0, -1
        for chunk in chunks:
            if chunk["status"] == "pending":
                return ids, chunk["first"]
            if results >= self.count and chunk["first"] > last:
                break
            ids.append(chunk["id"])
            if chunk["first"] > self.after and results < self.count:
                results += self._results_in(chunk)
                last = max(last, chunk["last"])
        return ids, None

    def _results_in(self, chunk: Document) -> int:
        if self.where.searches:
            return int(chunk["found"])
        successes, failures = chunk["successes"], chunk["failures"]
        if self.where.success is None:
            return int(successes + failures)
        return int(successes if self.where.success else failures)

    @property
    def _part(self) -> Document:
        """Return the projection of a chunk: the outcomes of the page and what belongs to them."""
        outcomes = _matching(_conditions(self.where, self.after))
        ordered = {"$sortArray": {"input": outcomes, "sortBy": {"index": 1}}}
        page = {"$slice": [ordered, self.count]}
        of_page = {"$in": ["$$one.index", "$$page.index"]}

        def part(name: str) -> Document:
            return {"$filter": {"input": name, "as": "one", "cond": of_page}}

        return {
            "_id": 0,
            "batchId": 1,
            "outcomes": page,
            "items": {"$let": {"vars": {"page": page}, "in": part("$items")}},
            "publications": _if_present(
                "$publications", {"$let": {"vars": {"page": page}, "in": part("$publications")}}
            ),
        }


_PLACE = {
    "id": "$_id",
    "first": "$first",
    "last": "$last",
    "status": "$status",
    "successes": "$successCount",
    "failures": "$failureCount",
    "found": "$found",
}


async def counts_of_search(
    database: Database, batch_ids: Sequence[str], where: ResultFilter
) -> Mapping[str, int]:
    """Return how many results of each batch meet the filter; a batch without any is left out."""
    reply = await database.command(
        {
            "aggregate": "batchChunks",
            "pipeline": [
                {"$match": {"batchId": {"$in": [ObjectId(one) for one in batch_ids]}}},
                {
                    "$group": {
                        "_id": "$batchId",
                        "found": {"$sum": {"$size": _matching(_conditions(where))}},
                    }
                },
            ],
            "hint": CHUNKS_BY_FIRST,
            "maxTimeMS": _SEARCH_MS,
            "cursor": {"batchSize": len(batch_ids) + 1},
            "readConcern": {"level": "majority"},
        }
    )
    return {str(found["_id"]): found["found"] for found in reply["cursor"]["firstBatch"]}


def _matching(conditions: Sequence[Document]) -> Document:
    return {"$filter": {"input": "$outcomes", "as": "one", "cond": {"$and": list(conditions)}}}


def _conditions(where: ResultFilter, after: int = -1) -> list[Document]:
    """Return the conditions that an outcome, `$$one`, must meet."""
    conditions: list[Document] = [{"$gt": ["$$one.index", after]}]
    if where.success is not None:
        conditions.append({"$ne" if where.success else "$eq": ["$$one.kind", FAILED]})
    if where.code is not None:
        codes = {"$ifNull": ["$$one.errors.code", []]}
        conditions.append({"$in": [where.code.value, codes]})
    if where.product_id is not None:
        sent = {"$eq": [_in_lower_case("$$one.productId"), where.product_id]}
        created = {"$eq": ["$$one.product._id", ObjectId(where.product_id)]}
        conditions.append({"$or": [sent, created]})
    return conditions


def _in_lower_case(text: str) -> Document:
    """Return the text in lower case; what was sent as an id may be no text."""
    is_text = {"$eq": [{"$type": text}, "string"]}
    return {"$cond": [is_text, {"$toLower": text}, text]}


def _if_present(name: str, value: Any) -> Document:
    return {"$cond": [{"$isArray": name}, value, "$$REMOVE"]}
