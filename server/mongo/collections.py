"""The collections, their validators and their indexes: made at start-up, as often as one likes."""

from collections.abc import Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from server.domain.batch_state import BatchState
from server.domain.errors import StartupError
from server.domain.item_error import ItemErrorCode
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated

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
CHUNKS_TO_CLAIM = "blocked_1_due_1__id_1"
CHUNKS_BY_LEASE = "lease.expiresAt_1"
CHUNKS_TO_PUBLISH = "publishingCount_1"
CHUNKS_BY_PROGRESS = (
    "batchId_1_status_1_successCount_1_failureCount_1_publishingCount_1_publishedCount_1_"
    "unpublishedCount_1"
)
CHUNKS_BY_FIRST = "batchId_1_first_1_last_1"

_MARK_SECONDS = 3600  # a commit in doubt is settled within a minute
_NAMESPACE_NOT_FOUND, _INDEX_NOT_FOUND = 26, 27
_NAMESPACE_EXISTS = 48
_INDEX_OPTIONS_CONFLICT, _INDEX_KEY_SPECS_CONFLICT = 85, 86


def _whole(least: int, most: int = MAX_INT) -> Document:
    return {"bsonType": ["int", "long"], "minimum": least, "maximum": most}


def _one_of(*values: str) -> Document:
    return {"enum": list(values)}


_TEXT: Document = {"bsonType": "string"}
_TIME: Document = {"bsonType": "date"}
_ID: Document = {"bsonType": "objectId"}

_SCHEMAS: dict[str, Document] = {
    "products": {
        "bsonType": "object",
        "required": [
            "name", "price", "stock", "category", "discontinued", "createdAt", "updatedAt",
        ],
        "properties": {
            "_id": _ID,
            "name": _TEXT,
            "price": _whole(0),
            "stock": _whole(0),
            "category": _TEXT,
            "discontinued": {"bsonType": "bool"},
            "createdAt": _TIME,
            "updatedAt": _TIME,
            "expiresAt": _TIME,
        },
    },
    "stockUpdates": {
        "bsonType": "object",
        "required": ["productId", "quantity", "timestamp", "status", "reason"],
        "dependencies": {"batchId": ["index"]},
        "properties": {
            "_id": _ID,
            "productId": _ID,
            "quantity": _whole(-MAX_INT),
            "timestamp": _TIME,
            "status": _one_of(*(status.value for status in StockUpdateStatus)),
            "reason": _one_of(*(reason.value for reason in StockUpdateReason)),
            "newStock": _whole(0),
            "code": _one_of(*(code.value for code in ItemErrorCode)),
            "error": _TEXT,
            "batchId": _ID,
            "index": _whole(0),
        },
    },
    "batchOperations": {
        "bsonType": "object",
        "required": [
            "operationType", "status", "options", "totalItems", "createdBy", "createdAt",
            "successCount", "failureCount", "cancelRequested",
        ],
        "properties": {
            "_id": _ID,
            "operationType": _TEXT,  # one of the kinds: `_validator`
            "status": _one_of(*(state.value for state in BatchState)),
            "options": {"bsonType": "object"},
            "totalItems": _whole(0),
            "createdBy": _TEXT,
            "createdAt": _TIME,
            "startedAt": _TIME,
            "completedAt": _TIME,
            "successCount": _whole(0),
            "failureCount": _whole(0),
            "error": _TEXT,
            "cancelRequested": {"bsonType": "bool"},
            "retryOf": _ID,
            "idempotencyKey": _TEXT,
        },
    },
    "batchChunks": {
        "bsonType": "object",
        "required": [
            "batchId", "index", "status", "blocked", "due", "readyAt", "attempts", "crashes",
            "items", "outcomes", "successCount", "failureCount",
        ],
        "properties": {
            "batchId": _ID,
            "index": _whole(0),
            "status": _one_of("pending", "done"),
            "blocked": {"bsonType": "bool"},
            "due": _TIME,
            "readyAt": _TIME,
            "lease": {
                "bsonType": "object",
                "required": ["token", "worker", "expiresAt"],
                "properties": {"token": _TEXT, "worker": _TEXT, "expiresAt": _TIME},
            },
            "attempts": _whole(0),
            "crashes": _whole(0),
            "items": {"bsonType": "array"},
            "outcomes": {"bsonType": "array"},
            "successCount": _whole(0),
            "failureCount": _whole(0),
            "publishingCount": _whole(0),
            "publishedCount": _whole(0),
            "unpublishedCount": _whole(0),
        },
    },
    "commitMarks": {
        "bsonType": "object",
        "required": ["createdAt"],
        "properties": {
            "_id": _ID,
            "createdAt": _TIME,
            "deleted": {"bsonType": "array", "items": _ID},
        },
    },
}  # fmt: skip


def _index(*fields: str, **options: Any) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], **options)


# Those for a list end with `_id`: then an order is total, and a page can start behind any document.
# None has `stock` or `updatedAt`: every stock update would have to change the index as well.
_INDEXES: dict[str, list[IndexModel]] = {
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
        _index("batchId", "first", "last"),
        _index(
            *("batchId", "status", "successCount", "failureCount"),
            *("publishingCount", "publishedCount", "unpublishedCount"),
        ),
        _index("lease.expiresAt", sparse=True),
        _index("publishingCount", partialFilterExpression={"publishingCount": {"$gt": 0}}),
    ],
    "commitMarks": [_index("createdAt", expireAfterSeconds=_MARK_SECONDS)],
}

_OBSOLETE_INDEXES = {"products": ["stock_1__id_1"]}  # of 0.1.0


async def is_new(database: Database) -> bool:
    """Whether `ensure_collections` has never come to its end here.

    Raises:
        StoreError: the database did not answer.
    """
    with translated():
        return [*_SCHEMAS][-1] not in await _validators(database)


async def ensure_collections(database: Database, kinds: Sequence[str]) -> None:
    """Create what is missing, bring validators up to date and drop what older versions needed.

    Documents are left alone, and so are indexes of the user's own.

    `kinds` are the names of the kinds that a batch may have.

    Raises:
        StartupError: an index of the same name or keys is there already, but a different one.
        StoreError: the database did not answer.
    """
    with translated():
        validators = await _validators(database)
        for name in _SCHEMAS:
            validator = _validator(name, kinds)
            if name not in validators:
                await _create(database, name, validator)
            else:
                await _drop_obsolete_indexes(database, name)
            if validators.get(name, validator) != validator:
                await database.command("collMod", name, validator=validator)
            await _create_indexes(database, name)


def _validator(collection: str, kinds: Sequence[str]) -> Document:
    schema = _SCHEMAS[collection]
    if collection == "batchOperations":
        properties = schema["properties"] | {"operationType": _one_of(*kinds)}
        schema = schema | {"properties": properties}
    return {"$jsonSchema": schema}


async def _validators(database: Database) -> dict[str, Document]:
    """The validator of each of our collections that exists. Looking is cheap, `collMod` is not: it
    waits for the transactions of the servers that are running, and they for it.
    """
    reply = await database.command("listCollections", filter={"name": {"$in": list(_SCHEMAS)}})
    return {
        found["name"]: found["options"].get("validator", {})
        for found in reply["cursor"]["firstBatch"]
    }


async def _create(database: Database, name: str, validator: Document) -> None:
    try:
        await database.command("create", name, validator=validator)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:  # another server that starts at the same time made it
            raise


async def _drop_obsolete_indexes(database: Database, name: str) -> None:
    """Drop what is there of them. Looking is cheap; to drop waits for all open transactions."""
    obsolete = _OBSOLETE_INDEXES.get(name, [])
    if not obsolete:
        return
    reply = await database.command("listIndexes", name)
    found = {index["name"] for index in reply["cursor"]["firstBatch"]}
    for index in found.intersection(obsolete):
        try:
            await database.command("dropIndexes", name, index=index)
        except OperationFailure as error:
            if error.code not in (_NAMESPACE_NOT_FOUND, _INDEX_NOT_FOUND):  # another server did it
                raise


async def _create_indexes(database: Database, name: str) -> None:
    try:
        await database[name].create_indexes(_INDEXES[name])
    except OperationFailure as error:
        if error.code not in (_INDEX_OPTIONS_CONFLICT, _INDEX_KEY_SPECS_CONFLICT):
            raise
        raise StartupError(
            f"An index of {database.name}.{name} is not the one that stockbatch needs: {error}. "
            "Drop that index and start again."
        ) from error
