"""Write a database, and the answers of a server, as files beside this one."""

import gzip
import json
from pathlib import Path

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from process import Document
from pymongo.database import Database

HERE = Path(__file__).parent
COLLECTIONS = ["products", "stockUpdates", "batchOperations", "batchChunks", "commitMarks"]


def dump(database: Database[Document], answers: Document) -> None:
    """Write both files. Each collection is one document: options, indexes and documents."""
    raw: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
    dumped = b""
    options = {one["name"]: one["options"] for one in database.list_collections()}
    for name in COLLECTIONS:
        found = list(database.get_collection(name, raw).find().sort("_id"))
        indexes = [dict(one) for one in database[name].list_indexes()]
        dumped += bson.encode(
            {
                "name": name,
                "options": options[name],
                "indexes": indexes,
                "documents": found,
            }
        )
        print(f"{name}: {len(found)} documents, {len(indexes)} indexes")
    _tell(database)
    _write("database.bson.gz", dumped)
    _write("answers.json.gz", json.dumps(answers, indent=0).encode())


def _tell(database: Database[Document]) -> None:
    states = [{"$group": {"_id": "$status", "n": {"$sum": 1}}}]
    for name in ("batchOperations", "batchChunks", "stockUpdates"):
        counts = {one["_id"]: one["n"] for one in database[name].aggregate(states)}
        print(f"{name}: {counts}")
    codes = [
        {"$unwind": "$outcomes"},
        {"$unwind": {"path": "$outcomes.errors", "preserveNullAndEmptyArrays": True}},
        {"$group": {"_id": ["$outcomes.kind", "$outcomes.errors.code"], "n": {"$sum": 1}}},
    ]
    for one in sorted(database["batchChunks"].aggregate(codes), key=str):
        print(f"outcomes: {one['_id']} {one['n']}")


def _write(name: str, content: bytes) -> None:
    compressed = gzip.compress(content, 9, mtime=0)
    (HERE / name).write_bytes(compressed)
    print(f"{name}: {len(compressed)} bytes")
