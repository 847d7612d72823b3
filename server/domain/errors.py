"""What can go wrong with a request or with the store, as opposed to with one item.

    StockbatchError
    ├── RequestError            told to the caller: a code and a sentence
    │   ├── BadInput            BAD_INPUT
    │   ├── BatchTooLarge       BATCH_TOO_LARGE
    │   ├── QueueFull           QUEUE_FULL
    │   ├── KeyReused           IDEMPOTENCY_KEY_REUSED
    │   └── KeyInUse            IDEMPOTENCY_KEY_IN_USE
    ├── StoreError          raised by server.mongo: UNAVAILABLE in a query, item errors in a batch
    │   ├── WriteConflict
    │   ├── DatabaseUnavailable
    │   ├── CommitUnknown
    │   ├── DuplicateKey
    │   ├── TooManyRows
    │   ├── LeaseLost
    │   └── UnexpectedStoreError
    ├── Inseparable             item errors: the culprits of a batch could not be told apart in time
    └── StartupError            one sentence for whoever starts the server

What is wrong with an item is a value, not an exception: `server.domain.item_error`.
"""


class StockbatchError(Exception):
    """The root of every error that this project raises on purpose."""


class RequestError(StockbatchError):
    """The whole request is refused, and nothing of it was done."""

    code = "BAD_INPUT"


class BadInput(RequestError):
    """An argument is wrong; the message says which, why, and how to mend it."""


class BatchTooLarge(RequestError):
    """More items than the limit allows; never split silently."""

    code = "BATCH_TOO_LARGE"


class QueueFull(RequestError):
    """So much waits to be done that nothing more is taken; nothing was stored."""

    code = "QUEUE_FULL"


class KeyReused(RequestError):
    """The idempotency key belongs to another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class KeyInUse(RequestError):
    """The first request with this idempotency key has not ended yet."""

    code = "IDEMPOTENCY_KEY_IN_USE"


class StoreError(StockbatchError):
    """The database did not do what was asked."""


class WriteConflict(StoreError):
    """Other writers kept winning until the deadline passed. Nothing was written."""


class DatabaseUnavailable(StoreError):
    """No primary answered until the deadline passed. Nothing was written."""


class CommitUnknown(StoreError):
    """The commit was sent, and whether it took effect could not be found out."""


class DuplicateKey(StoreError):
    """What was to be inserted has a unique key that is in use. Nothing was written."""


class TooManyRows(StoreError):
    """More rows were to be deleted with their products than one transaction can take."""


class LeaseLost(StoreError):
    """Somebody else has the chunk now, or it has been done. Nothing was written."""


class UnexpectedStoreError(StoreError):
    """The database refused the command for a reason that no rule foresaw. Nothing was written."""


class Inseparable(StockbatchError):
    """Items of an atomic batch or a dry run spoil it, and which was not found out in time."""


class StartupError(StockbatchError):
    """The server cannot start; the message says why and how to mend it."""


_QUOTED_CHARACTERS = 64  # enough to recognise a text, however long it is


def quoted(text: str) -> str:
    """Return a caller's `text` in quotes for a message: printable, and cut after 64 characters."""
    cut = text if len(text) <= _QUOTED_CHARACTERS else text[:_QUOTED_CHARACTERS] + "…"
    return ascii(cut) if not cut.isprintable() else f"“{cut}”"
