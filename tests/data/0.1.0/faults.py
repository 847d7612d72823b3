"""Keep a database from doing what a server asks of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bson import ObjectId
from process import Document
from pymongo.database import Database
from workload import product


@contextmanager
def locked(database: Database[Document], numbers: Sequence[int]) -> Iterator[None]:
    """Hold products in a transaction, so that no other one can write them."""
    ids = [ObjectId(product(number)) for number in numbers]
    with database.client.start_session() as session:
        session.start_transaction()
        database["products"].update_many(
            {"_id": {"$in": ids}}, {"$set": {"name": "locked"}}, session=session
        )
        try:
            yield
        finally:
            session.abort_transaction()


@contextmanager
def failing_reads(database: Database[Document]) -> Iterator[None]:
    """Let the servers read no product."""
    fail_point: Document = {
        "configureFailPoint": "failCommand",
        "mode": "alwaysOn",
        "data": {
            "failCommands": ["find"],
            "namespace": "stockbatch.products",
            "errorCode": 11600,  # InterruptedAtShutdown
            "errorLabels": ["TransientTransactionError"],
            "appName": "stockbatch",
        },
    }
    database.client.admin.command(fail_point)
    try:
        yield
    finally:
        database.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
