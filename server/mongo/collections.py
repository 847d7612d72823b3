"""The collections, with their validators and indexes.

At each start the server creates what is missing, and changes what differs.
"""

from collections.abc import Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from server.domain.errors import StartupError
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated
from server.mongo.validators import SCHEMAS, validator

BY_CREATION = "createdAt_1__id_1"
BY_CATEGORY = "category_1_createdAt_1__id_1"
BY_DISCONTINUED = "discontinued_1_createdAt_1__id_1"
BY_NAME = "name_1__id_1"
UPDATES_BY_PRODUCT = "productId_1_timestamp_1__id_1"
UPDATES_BY_STATUS = "status_1_timestamp_1__id_1"
UPDATES_BY_BATCH = "batchId_1_index_1__id_1"
BATCHES_BY_CREATION = "createdAt_1__id_1"
BATCHES_BY_END = "completedAt_1"
KEYS_BY_AGE = "createdAt_1"  # of batches that have a key
BATCHES_BY_STATUS = "status_1_createdAt_1__id_1"
BATCHES_BY_CALLER = "caller_1"  # of those that have not ended, where callers have limits
CHUNKS_TO_CLAIM = "blocked_1_due_1__id_1"
CHUNKS_NOT_DONE = "status_1"
CHUNKS_BY_LEASE = "lease.expiresAt_1"
CHUNKS_TO_PUBLISH = "publishingCount_1"
CHUNKS_BY_PROGRESS = (
    "batchId_1_status_1_successCount_1_failureCount_1_publishingCount_1_publishedCount_1_"
    "unpublishedCount_1"
)
CHUNKS_BY_FIRST = "batchId_1_first_1_last_1"
CHUNKS_BY_END = "batchId_1_doneAt_1_successCount_1_failureCount_1"
CHUNKS_BY_ROW = "waitingRows"
CHUNKS_BY_WAITING_ITEM = "waitingItems"

_MARK_SECONDS = 3600  # for how long a mark is kept; a commit in doubt is settled within a minute
_NAMESPACE_NOT_FOUND, _INDEX_NOT_FOUND = 26, 27
_NAMESPACE_EXISTS = 48
_INDEX_OPTIONS_CONFLICT, _INDEX_KEY_SPECS_CONFLICT = 85, 86


def _index(*fields: str, **options: Any) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], **options)


_WAITING: Document = {"status": "pending", "rows.timestamp": {"$exists": True}}
_WAITING_COUNTS = ("rows.count", "successCount", "failureCount", "status")

# An index for a list ends with `_id`: then the order is total, and a page can start anywhere.
# No index has `stock` or `updatedAt`: every stock update would have to change the index as well.
INDEXES: dict[str, list[IndexModel]] = {
    "products": [
        _index("createdAt", "_id"),
        _index("category", "createdAt", "_id"),
        _index("discontinued", "createdAt", "_id"),
        _index("name", "_id"),
        _index("expiresAt", sparse=True),
    ],
    "stockUpdates": [
        _index("productId", "timestamp", "_id"),
        _index("status", "timestamp", "_id"),
        _index("batchId", "index", "_id", partialFilterExpression={"batchId": {"$exists": True}}),
    ],
    "batchOperations": [
        _index("createdAt", "_id"),
        _index("status", "createdAt", "_id"),
        _index("operationType", "createdAt", "_id"),
        _index("createdBy", "createdAt", "_id"),
        _index("completedAt", sparse=True),
        _index("caller", sparse=True),
        _index("createdAt", partialFilterExpression={"idempotencyKey": {"$exists": True}}),
        _index(
            "createdBy",
            "idempotencyKey",
            unique=True,
            partialFilterExpression={"idempotencyKey": {"$exists": True}},
        ),
    ],
    "batchChunks": [
        _index("batchId", "index", unique=True),
        _index("blocked", "due", "_id", partialFilterExpression={"status": "pending"}),
        _index("status", partialFilterExpression={"status": "pending"}),  # to count them
        _index("batchId", "first", "last"),
        _index(
            *("batchId", "status", "successCount", "failureCount"),
            *("publishingCount", "publishedCount", "unpublishedCount"),
        ),
        _index(
            *("batchId", "doneAt", "successCount", "failureCount"),
            partialFilterExpression={"doneAt": {"$exists": True}},
        ),
        _index("lease.expiresAt", sparse=True),
        # Of chunks whose rows wait, with all that counting them needs: see `waiting/rows.py`.
        _index(
            *("rows.timestamp", "rows.last", "rows.first", *_WAITING_COUNTS),
            name=CHUNKS_BY_ROW,
            partialFilterExpression=_WAITING,
        ),
        _index(
            *("batchId", "first", "last", "rows.timestamp", *_WAITING_COUNTS),
            name=CHUNKS_BY_WAITING_ITEM,
            partialFilterExpression=_WAITING,
        ),
        _index("publishingCount", partialFilterExpression={"publishingCount": {"$gt": 0}}),
    ],
    "callers": [_index("forgetAt", expireAfterSeconds=0)],
    "workers": [_index("forgetAt", expireAfterSeconds=0)],
    "sentFiles": [_index("forgetAt", expireAfterSeconds=0)],
    "carriedProducts": [],
    "commitMarks": [_index("createdAt", expireAfterSeconds=_MARK_SECONDS)],
}

OBSOLETE_INDEXES = {"products": ["stock_1__id_1"]}  # of 0.1.0


async def is_new(database: Database) -> bool:
    """Return whether `ensure_collections` has never finished on this database.

    Raises:
        StoreError: the database did not answer.
    """
    with translated():
        return [*SCHEMAS][-1] not in await validators_of(database)


async def ensure_collections(database: Database, kinds: Sequence[str]) -> None:
    """Create what is missing, bring validators up to date, and drop indexes of older versions.

    Documents and indexes that users added stay as they are. `kinds` are the names of the kinds that
    a batch may have.

    Raises:
        StartupError: an index of the same name or keys exists, but is a different one.
        StoreError: the database did not answer.
    """
    with translated():
        validators = await validators_of(database)
        for name in SCHEMAS:
            wanted = validator(name, kinds)
            if name not in validators:
                await _create(database, name, wanted)
            else:
                await _drop_obsolete_indexes(database, name)
            if validators.get(name, wanted) != wanted:
                await database.command("collMod", name, validator=wanted)
            await _create_indexes(database, name)


async def validators_of(database: Database) -> dict[str, Document]:
    """Return the validators of those of our collections that exist.

    Reading them is cheap. `collMod` is not: it waits for open transactions, and others wait for it.
    """
    reply = await database.command("listCollections", filter={"name": {"$in": list(SCHEMAS)}})
    return {
        found["name"]: found["options"].get("validator", {})
        for found in reply["cursor"]["firstBatch"]
    }


async def _create(database: Database, name: str, wanted: Document) -> None:
    try:
        await database.command("create", name, validator=wanted)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:  # another server may start now
            raise


async def _drop_obsolete_indexes(database: Database, name: str) -> None:
    """Drop the obsolete indexes that exist. Listing is cheap; a drop waits for transactions."""
    obsolete = OBSOLETE_INDEXES.get(name, [])
    if not obsolete:
        return
    reply = await database.command("listIndexes", name)
    found = {index["name"] for index in reply["cursor"]["firstBatch"]}
    for index in found.intersection(obsolete):
        try:
            await database.command("dropIndexes", name, index=index)
        except OperationFailure as error:
            if error.code not in (_NAMESPACE_NOT_FOUND, _INDEX_NOT_FOUND):  # another server did
                raise


async def _create_indexes(database: Database, name: str) -> None:
    if not INDEXES[name]:
        return
    try:
        await database[name].create_indexes(INDEXES[name])
    except OperationFailure as error:
        if error.code not in (_INDEX_OPTIONS_CONFLICT, _INDEX_KEY_SPECS_CONFLICT):
            raise
        raise StartupError(
            f"An index of {database.name}.{name} is not the one that stockbatch needs: {error}. "
            "Drop that index and start again."
        ) from error
