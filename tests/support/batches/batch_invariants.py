"""Check what holds of every stored batch once it has ended, whatever died on the way."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from server.domain.product import canonical_id

Document = dict[str, Any]
FINAL = {"completed", "failed", "cancelled"}


def assert_batches_are_exact(
    admin_database: Database[Document],
    opening_stocks: Mapping[str, int] | None = None,
    *,
    deleted: Collection[str] = (),
) -> None:
    """Check that every batch has ended and that its outcomes, counts, ledger and stocks agree.

    `opening_stocks` are the stocks before any batch; only the products in it are checked.
    `deleted` are products whose rows may have been deleted with them.
    """
    for batch in admin_database["batchOperations"].find():
        chunks = list(admin_database["batchChunks"].find({"batchId": batch["_id"]}))
        assert_ended(batch, chunks)
        assert_counted(batch, chunks)
        assert_booked(admin_database, batch, chunks, deleted)
    assert_nothing_is_left_over(admin_database)
    if opening_stocks is not None:
        assert_rows_explain(admin_database, opening_stocks)


def assert_ended(batch: Document, chunks: list[Document]) -> None:
    assert batch["status"] in FINAL, batch
    assert batch["completedAt"] >= batch["createdAt"]
    assert {chunk["status"] for chunk in chunks} <= {"done"}, batch["_id"]
    assert not [chunk["_id"] for chunk in chunks if "lease" in chunk]
    assert (batch["status"] == "failed") == ("error" in batch)


def assert_counted(batch: Document, chunks: list[Document]) -> None:
    """Check that each item has one outcome, in its own chunk, and that all counts agree."""
    for chunk in chunks:
        items = [item["index"] for item in chunk["items"]]
        assert items == sorted(items)
        assert (chunk["first"], chunk["last"]) == (items[0], items[-1])
        assert sorted(one["index"] for one in chunk["outcomes"]) == items, chunk["_id"]
        failures = sum(one["kind"] == "failed" for one in chunk["outcomes"])
        assert chunk["failureCount"] == failures
        assert chunk["successCount"] == len(items) - failures
    indexes = sorted(item["index"] for chunk in chunks for item in chunk["items"])
    assert indexes == list(range(batch["totalItems"]))
    assert batch["successCount"] == sum(chunk["successCount"] for chunk in chunks)
    assert batch["failureCount"] == sum(chunk["failureCount"] for chunk in chunks)


def assert_booked(
    database: Database[Document],
    batch: Document,
    chunks: list[Document],
    deleted: Collection[str] = (),
) -> None:
    """Check that the batch has one row for each item with a well-formed id, as its outcome says."""
    rows = list(database["stockUpdates"].find({"batchId": batch["_id"]}))
    twice = [index for index, count in Counter(row["index"] for row in rows).items() if count > 1]
    assert not twice, (batch["_id"], twice)
    inputs = {item["index"]: item["input"] for chunk in chunks for item in chunk["items"]}
    expected = {
        outcome["index"]: booked
        for chunk in chunks
        for outcome in chunk["outcomes"]
        if (booked := _booked(batch, inputs[outcome["index"]], outcome)) is not None
    }
    actual = {row["index"]: _as_booked(row) for row in rows}
    may_lack = {index for index, row in expected.items() if row[0] in deleted}
    if not batch["wasSubmitted"] and batch["status"] in {"failed", "cancelled"}:
        may_lack |= {index for index, row in expected.items() if row[1] == "failed"}
    missing = expected.keys() - actual.keys()
    assert missing <= may_lack, (batch["_id"], sorted(missing - may_lack))
    assert actual == {index: row for index, row in expected.items() if index not in missing}


def assert_nothing_is_left_over(database: Database[Document]) -> None:
    """Check that no row is pending, and that every chunk has its batch."""
    assert database["stockUpdates"].count_documents({"status": "pending"}) == 0
    batches = database["batchOperations"].distinct("_id")
    assert set(database["batchChunks"].distinct("batchId")) <= set(batches)


def assert_rows_explain(database: Database[Document], opening: Mapping[str, int]) -> None:
    """Check that stock = stock before + applied rows, and that each row continues another."""
    ids = [ObjectId(one) for one in opening]
    products = database["products"].find({"_id": {"$in": ids}})
    stocks = {str(one["_id"]): one["stock"] for one in products}
    assert all(stock >= 0 for stock in stocks.values())
    applied, starts, ends = Counter(opening), Counter(stocks.items()), Counter(opening.items())
    for row in database["stockUpdates"].find({"productId": {"$in": ids}, "status": "applied"}):
        one = str(row["productId"])
        applied[one] += row["quantity"]
        starts[one, row["newStock"] - row["quantity"]] += 1
        ends[one, row["newStock"]] += 1
    assert stocks == dict(applied)
    assert starts == ends


def _booked(batch: Document, sent: Document, outcome: Document) -> tuple[Any, ...] | None:
    """Return the row that an outcome must have: product, status, new stock, code."""
    product = canonical_id(str(sent.get("productId", "")))
    if batch["options"].get("dry_run") or product is None:
        return None
    match batch["operationType"], outcome["kind"]:
        case "updateStock", "failed":
            return product, "failed", None, outcome["errors"][0]["code"]
        case "updateStock", "applied":
            return product, "applied", outcome["newStock"], None
        case "discontinueProducts", "discontinued":
            return product, "applied", 0, None
    return None


def _as_booked(row: Document) -> tuple[Any, ...]:
    return str(row["productId"]), row["status"], row.get("newStock"), row.get("code")
