"""How the floor, a plain synchronous PyMongo program, goes through a batch: chunk after chunk."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession

from server.mongo.connection.driver import MAJORITY, SNAPSHOT

CHUNK = 500  # items per transaction, which is the server's default

ItemT = TypeVar("ItemT")


def in_transactions(
    client: MongoClient[dict[str, Any]], items: Sequence[ItemT]
) -> Iterator[tuple[Sequence[ItemT], ClientSession]]:
    """Each chunk with a session in a transaction, which commits when the next one is asked for."""
    for start in range(0, len(items), CHUNK):
        with (
            client.start_session() as session,
            session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY),
        ):
            yield items[start : start + CHUNK], session
