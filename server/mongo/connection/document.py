"""Documents: their type, and what goes into them wherever they are stored."""

from collections.abc import Collection as Ids
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

Document = dict[str, Any]  # what BSON can hold has no one type

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # in the past by every clock, however wrong


def new_id() -> str:
    """Return an id that no document has."""
    return str(ObjectId())


def to_object_ids(ids: Ids[str]) -> list[ObjectId]:
    """Return the ids as MongoDB stores them, in the same order."""
    return [ObjectId(text) for text in ids]


def present(**fields: Any) -> Document:
    """Return the fields that have a value: an absent field is left out, not stored as null."""
    return {name: value for name, value in fields.items() if value is not None}


def until(seconds: float) -> Document:
    """Return an expression for an update: that many seconds from now, by the database's clock."""
    return {"$add": ["$$NOW", int(seconds * 1000)]}
