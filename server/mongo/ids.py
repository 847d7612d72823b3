"""Ids of documents."""

from bson import ObjectId


def new_id() -> str:
    """An id that no document has."""
    return str(ObjectId())
