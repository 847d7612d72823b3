"""Times of the database's own clock, as expressions of an update."""

from server.mongo.driver import Document


def until(seconds: float) -> Document:
    """The moment so many seconds from now."""
    return {"$add": ["$$NOW", int(seconds * 1000)]}
