"""The ledger of stock updates, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.stock_update import LedgerEntry
from server.mongo.documents import from_ledger_entry
from server.mongo.driver import Database, Session
from server.mongo.evidence import Evidence


class StockUpdates:
    def __init__(self, database: Database, session: Session, evidence: Evidence) -> None:
        self._collection = database["stockUpdates"]
        self._session = session
        self._evidence = evidence

    async def record(self, entries: Sequence[LedgerEntry], timestamp: datetime) -> None:
        """Insert the rows, in order, with one command."""
        if not entries:
            return
        documents = [from_ledger_entry(entry, timestamp) for entry in entries]
        self._evidence.note(self._collection, documents[0]["_id"])
        await self._collection.insert_many(documents, session=self._session)
