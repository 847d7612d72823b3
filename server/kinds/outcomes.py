"""All outcomes as they are stored in `batchChunks.outcomes`, and back again."""

from collections.abc import Mapping
from typing import Any

from server.domain.errors import briefly
from server.domain.outcome import Failed, Outcome
from server.kinds.registry import FORMS_BY_NAME, FORMS_BY_TYPE
from server.mongo.batches.documents import FAILED, from_item_error, to_item_error
from server.mongo.batches.stored_values import from_stored, to_stored
from server.mongo.connection.document import Document


def to_document(outcome: Outcome) -> Document:
    """Return the outcome as it is stored.

    Raises:
        KeyError: no kind declares it.
    """
    document: Document = {"index": outcome.index}
    if outcome.product_id is not None:
        document["productId"] = to_stored(outcome.product_id)
    if isinstance(outcome, Failed):
        errors = [from_item_error(error) for error in outcome.errors]
        return document | {"kind": FAILED, "errors": errors}
    return document | FORMS_BY_TYPE[type(outcome)].to_document(outcome)


def to_outcome(document: Mapping[str, Any]) -> Outcome:
    """Return the outcome that a document holds.

    Raises:
        KeyError: no kind declares it.
    """
    index, product_id = document["index"], _sent_id(document.get("productId"))
    if document["kind"] == FAILED:
        errors = tuple(to_item_error(error) for error in document["errors"])
        return Failed(index=index, product_id=product_id, errors=errors)
    outcome: Outcome = FORMS_BY_NAME[document["kind"]].to_outcome(index, product_id, document)
    return outcome


def _sent_id(stored: Any) -> str | None:
    """Return the id as text, whatever was sent: see `server.kinds.kind.sent_id`."""
    sent = from_stored(stored)
    return sent if sent is None or isinstance(sent, str) else briefly(sent)
