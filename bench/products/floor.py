"""The floor: the same work by a plain synchronous PyMongo program, without any server of ours.

It trusts its input, checks no rule but that every product is there, and answers with a count.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from bson import ObjectId
from pymongo import MongoClient, UpdateOne
from pymongo.client_session import ClientSession

from bench.answer import WrongAnswer
from bench.products.batch import Document
from bench.transactions import in_transactions


class Floor:
    """Each method takes the inputs of the mutation, and returns how many were done."""

    def __init__(self, client: MongoClient[Document], database: str) -> None:
        self._client = client
        self._products = client[database]["products"]
        self._stock_updates = client[database]["stockUpdates"]

    def create(self, inputs: Sequence[Document]) -> int:
        """One insert_many per chunk."""
        done = 0
        for chunk, session in in_transactions(self._client, inputs):
            now = datetime.now(UTC)
            fields = {"discontinued": False, "createdAt": now, "updatedAt": now}
            result = self._products.insert_many([one | fields for one in chunk], session=session)
            done += len(result.inserted_ids)
        return done

    def update(self, inputs: Sequence[Document]) -> int:
        """One find, and one bulk_write of an UpdateOne per product, per chunk."""
        done = 0
        for chunk, session in in_transactions(self._client, inputs):
            self._find(_ids(chunk), session)
            now = datetime.now(UTC)
            updates = [
                UpdateOne({"_id": product_id, "discontinued": False}, {"$set": fields})
                for product_id, fields in zip(_ids(chunk), _patches(chunk, now), strict=True)
            ]
            done += self._products.bulk_write(updates, session=session).matched_count
        return done

    def delete(self, inputs: Sequence[Document]) -> int:
        """One find, one count of `stockUpdates` and one delete_many per chunk."""
        return self._delete(inputs, cascade=False)

    def delete_with_rows(self, inputs: Sequence[Document]) -> int:
        """The same, and one delete_many of `stockUpdates`."""
        return self._delete(inputs, cascade=True)

    def _delete(self, inputs: Sequence[Document], *, cascade: bool) -> int:
        done = 0
        for chunk, session in in_transactions(self._client, inputs):
            ids = _ids(chunk)
            self._find(ids, session)
            with_rows = self._with_rows(ids, session)
            if with_rows and not cascade:
                raise WrongAnswer("The floor found stock updates of products that have none")
            if with_rows:
                self._stock_updates.delete_many({"productId": {"$in": with_rows}}, session=session)
            result = self._products.delete_many({"_id": {"$in": ids}}, session=session)
            done += result.deleted_count
        return done

    def _find(self, ids: list[ObjectId], session: ClientSession) -> list[Document]:
        """The products as they are: for an answer, and to know that they are there."""
        query = {"_id": {"$in": ids}}
        found = list(self._products.find(query, session=session, batch_size=len(ids) + 1))
        if len(found) != len(ids):
            raise WrongAnswer("The floor did not find every product")
        return found

    def _with_rows(self, ids: list[ObjectId], session: ClientSession) -> list[ObjectId]:
        pipeline: list[Document] = [
            {"$match": {"productId": {"$in": ids}}},
            {"$group": {"_id": "$productId", "count": {"$sum": 1}}},
        ]
        counted = self._stock_updates.aggregate(pipeline, session=session, batchSize=len(ids) + 1)
        return [one["_id"] for one in counted]


def _ids(inputs: Sequence[Document]) -> list[ObjectId]:
    return [ObjectId(one["productId"]) for one in inputs]


def _patches(inputs: Sequence[Document], now: datetime) -> list[Document]:
    return [one["data"] | {"updatedAt": now} for one in inputs]
