"""The collections, their validators and their indexes: made at start-up, as often as one likes."""

from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from server.domain.errors import StartupError
from server.domain.item_error import ItemErrorCode
from server.domain.stock_update import StockUpdateReason, StockUpdateStatus
from server.domain.whole_number import MAX_INT
from server.mongo.driver import Database, Document
from server.mongo.errors import translated

BY_CREATION = "createdAt_1__id_1"
BY_CATEGORY = "category_1_createdAt_1__id_1"
BY_DISCONTINUED = "discontinued_1_createdAt_1__id_1"
BY_NAME = "name_1__id_1"
BY_STOCK = "stock_1__id_1"
UPDATES_BY_PRODUCT = "productId_1_timestamp_1__id_1"
UPDATES_BY_STATUS = "status_1_timestamp_1__id_1"
UPDATES_BY_BATCH = "batchId_1_index_1__id_1"

_MARK_SECONDS = 3600  # a commit in doubt is settled within a minute
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


# Each ends with `_id`, so that an order is total and a page can start behind any document.
_INDEXES: dict[str, list[IndexModel]] = {
    "products": [
        _index("createdAt", "_id"),
        _index("category", "createdAt", "_id"),
        _index("discontinued", "createdAt", "_id"),
        _index("name", "_id"),
        _index("stock", "_id"),
        _index("expiresAt", sparse=True),
    ],
    "stockUpdates": [
        _index("productId", "timestamp", "_id"),
        _index("status", "timestamp", "_id"),
        _index("batchId", "index", "_id", partialFilterExpression={"batchId": {"$exists": True}}),
    ],
    "commitMarks": [_index("createdAt", expireAfterSeconds=_MARK_SECONDS)],
}


async def is_new(database: Database) -> bool:
    """Whether `ensure_collections` has never come to its end here.

    Raises:
        StoreError: the database did not answer.
    """
    with translated():
        return [*_SCHEMAS][-1] not in await _validators(database)


async def ensure_collections(database: Database) -> None:
    """Create what is missing and bring validators up to date; documents are left alone.

    Raises:
        StartupError: an index of the same name or keys is there already, but a different one.
        StoreError: the database did not answer.
    """
    with translated():
        validators = await _validators(database)
        for name, schema in _SCHEMAS.items():
            validator = {"$jsonSchema": schema}
            if name not in validators:
                await _create(database, name, validator)
            elif validators[name] != validator:
                await database.command("collMod", name, validator=validator)
            await _create_indexes(database, name)


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
