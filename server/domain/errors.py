"""Errors of a whole request or of the store. What is wrong with one item is an `ItemError`.

    StockbatchError
    ├── RequestError            shown to the caller: a code and a sentence
    │   ├── BadInput            BAD_INPUT
    │   ├── Unauthenticated     UNAUTHENTICATED
    │   ├── IssuerUnavailable   UNAVAILABLE
    │   ├── Forbidden           FORBIDDEN
    │   ├── BatchTooLarge       BATCH_TOO_LARGE
    │   ├── QueueFull           QUEUE_FULL
    │   ├── Overloaded          OVERLOADED
    │   ├── ServerStops         UNAVAILABLE
    │   ├── RateLimited         RATE_LIMITED
    │   ├── QueryTooExpensive   QUERY_TOO_EXPENSIVE
    │   ├── KeyReused           IDEMPOTENCY_KEY_REUSED
    │   └── KeyInUse            IDEMPOTENCY_KEY_IN_USE
    ├── StoreError          raised by server.mongo: UNAVAILABLE in a query, item errors in a batch
    │   ├── WriteConflict
    │   ├── DatabaseUnavailable
    │   ├── CommitUnknown
    │   ├── DuplicateKey
    │   ├── KeyTaken
    │   ├── TooManyRows
    │   ├── LeaseLost
    │   └── UnexpectedStoreError
    ├── Inseparable             becomes item errors: the items at fault were not found in time
    └── StartupError            one sentence for the operator

An `ItemError` is a value, not an exception: `server.domain.item_error`.
"""

from server.domain.json_words import json_word


class StockbatchError(Exception):
    """The root of every error that this project raises on purpose."""


class RequestError(StockbatchError):
    """The whole request is refused. Nothing of it was done, except as `KeyInUse` says."""

    code = "BAD_INPUT"


class BadInput(RequestError):
    """An argument is wrong; the message says which, why, and how to mend it."""


class Unauthenticated(RequestError):
    """The caller has not said who it is, or its key or token is not valid. Nothing was done."""

    code = "UNAUTHENTICATED"


class IssuerUnavailable(RequestError):
    """A token cannot be checked, as the keys of its issuer cannot be fetched. Nothing was done."""

    code = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Forbidden(RequestError):
    """The role of the caller does not allow this. Nothing was done."""

    code = "FORBIDDEN"


class BatchTooLarge(RequestError):
    """The batch has more items than a limit allows; it is never split silently."""

    code = "BATCH_TOO_LARGE"


class QueueFull(RequestError):
    """Too many chunks wait to be run. Nothing was stored."""

    code = "QUEUE_FULL"


class Overloaded(RequestError):
    """The server has more to do than it can begin in time. Nothing was done."""

    code = "OVERLOADED"

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ServerStops(RequestError):
    """The server takes no new requests, as it has been told to stop. Nothing was done."""

    code = "UNAVAILABLE"


class RateLimited(RequestError):
    """The caller has reached one of its limits, for some seconds. Nothing was done."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QueryTooExpensive(RequestError):
    """The query asks for more objects than one answer may have. Nothing was read."""

    code = "QUERY_TOO_EXPENSIVE"


class KeyReused(RequestError):
    """The idempotency key belongs to another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class KeyInUse(RequestError):
    """The first request with this key has not ended; some of its chunks may be done."""

    code = "IDEMPOTENCY_KEY_IN_USE"


class StoreError(StockbatchError):
    """The database did not do what was asked."""


class WriteConflict(StoreError):
    """Every attempt conflicted with another writer until the deadline. Nothing was written."""


class DatabaseUnavailable(StoreError):
    """No primary answered before the deadline. Nothing was written."""


class CommitUnknown(StoreError):
    """The commit was sent, and whether it took effect could not be found out."""


class DuplicateKey(StoreError):
    """A unique key of the inserted document is in use. Nothing was written."""


class KeyTaken(StoreError):
    """Another batch has the idempotency key, or is about to have it. Nothing was written."""


class TooManyRows(StoreError):
    """The products have more rows in the ledger than one transaction can delete."""


class LeaseLost(StoreError):
    """Another worker holds the chunk, or it is done. The open transaction was undone."""


class UnexpectedStoreError(StoreError):
    """The database refused the command for a reason that no rule foresaw. Nothing was written."""


class Inseparable(StockbatchError):
    """Some items make an atomic batch or a dry run fail; which ones was not found out in time."""


class NotReached(StockbatchError):
    """The batch has ended at a failure in an earlier chunk. Nothing was written."""


class StartupError(StockbatchError):
    """The server cannot start; the message says why and how to mend it."""


_QUOTED_CHARACTERS = 64  # enough to recognise a text, however long it is
LONGEST_SHOWN = 64  # characters of a value of the caller's in an answer; an id has 24
_LEFT_OUT = " … "


def quoted(text: str) -> str:
    """Return a caller's `text` in quotes for a message: printable, and cut after 64 characters."""
    cut = text if len(text) <= _QUOTED_CHARACTERS else text[:_QUOTED_CHARACTERS] + "…"
    return ascii(cut) if not cut.isprintable() else f"“{cut}”"


def cut(text: str, most: int = LONGEST_SHOWN) -> str:
    """Return a caller's `text` with its middle left out if it has more than `most` characters."""
    if len(text) <= most:
        return text
    end = (most - len(_LEFT_OUT)) // 2
    return text[: most - len(_LEFT_OUT) - end] + _LEFT_OUT + text[-end:]


def briefly(value: object) -> str:
    """Return a caller's `value` in some characters of JSON, however much is in it."""
    return cut(json_word(value))
