"""What each collection accepts: the database itself refuses what a bug might write."""

from collections.abc import Sequence

from server.domain.batch_state import BatchState
from server.domain.item_error import ItemErrorCode
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT
from server.mongo.connection.document import Document


def _whole(least: int, most: int = MAX_INT) -> Document:
    return {"bsonType": ["int", "long"], "minimum": least, "maximum": most}


def _one_of(*values: str) -> Document:
    return {"enum": list(values)}


_TEXT: Document = {"bsonType": "string"}
_TIME: Document = {"bsonType": "date"}
_ID: Document = {"bsonType": "objectId"}

SCHEMAS: dict[str, Document] = {  # by collection, in the order in which they are created
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
            "operationType": _TEXT,  # and one of the kinds: see `validator`
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
    "callers": {
        "bsonType": "object",
        "properties": {
            "_id": _TEXT,
            "items": {"bsonType": ["int", "long", "double"]},
            "at": _TIME,
            "submissions": _whole(0),
            "forgetAt": _TIME,
        },
    },
    "workers": {
        "bsonType": "object",
        "required": ["seenAt", "forgetAt"],
        "properties": {"_id": _TEXT, "seenAt": _TIME, "leftAt": _TIME, "forgetAt": _TIME},
    },
    "commitMarks": {  # the last: it stands for a preparation that has finished
        "bsonType": "object",
        "required": ["createdAt"],
        "properties": {
            "_id": _ID,
            "createdAt": _TIME,
            "deleted": {"bsonType": "array", "items": _ID},
        },
    },
}  # fmt: skip


def validator(collection: str, kinds: Sequence[str]) -> Document:
    """Return the validator of a collection; `kinds` are those that a batch may have."""
    schema = SCHEMAS[collection]
    if collection == "batchOperations":
        properties = schema["properties"] | {"operationType": _one_of(*kinds)}
        schema = schema | {"properties": properties}
    return {"$jsonSchema": schema}
