"""The condition that a product has not expired, as a query."""

from datetime import datetime

from server.mongo.driver import Document


def unexpired(now: datetime) -> Document:
    """Matches what has no expiry, and what expires after `now`: see `server.domain.expiry`."""
    return {"expiresAt": {"$not": {"$lte": now}}}
