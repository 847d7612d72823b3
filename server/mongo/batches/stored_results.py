"""The results that a stored chunk holds."""

from server.domain.item_result import ItemResult, Publication
from server.mongo.batches.documents import ToOutcome
from server.mongo.batches.stored_values import from_stored_input
from server.mongo.connection.document import Document


def results_of(chunk: Document, to_outcome: ToOutcome) -> list[ItemResult]:
    """Return the results of those items of a chunk that have an outcome."""
    items = {item["index"]: item for item in chunk["items"]}
    publications = {
        ended["index"]: Publication(
            index=ended["index"], tx_id=ended.get("txId"), error=ended.get("error")
        )
        for ended in chunk.get("publications", [])
    }
    return [
        ItemResult(
            input=from_stored_input(items[outcome["index"]]["input"]),
            outcome=to_outcome(outcome),
            is_published="publications" in chunk,
            publication=publications.get(outcome["index"]),
            row=items[outcome["index"]].get("row"),
        )
        for outcome in chunk["outcomes"]
    ]
