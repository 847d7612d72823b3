"""The only translation of the driver's errors into ours.

Errors are translated outside the transaction runner, which needs to see the driver's labels.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from server.domain.errors import (
    DatabaseUnavailable,
    DuplicateKey,
    StoreError,
    UnexpectedStoreError,
    WriteConflict,
)
from server.mongo.connection.patience import waiting

# Server codes: https://github.com/mongodb/mongo/blob/v6.0/src/mongo/base/error_codes.yml
_CONFLICT_CODES = {
    24,  # LockTimeout
    112,  # WriteConflict
    239,  # SnapshotTooOld
    225,  # TransactionTooOld
    244,  # TransactionAborted, by a newer one of its session
    246,  # SnapshotUnavailable
    251,  # NoSuchTransaction
}
_UNAVAILABLE_CODES = {
    6,  # HostUnreachable
    7,  # HostNotFound
    13,  # Unauthorized: it fails every item alike
    64,  # WriteConcernFailed: the majority does not answer
    89,  # NetworkTimeout
    91,  # ShutdownInProgress
    133,  # FailedToSatisfyReadPreference
    189,  # PrimarySteppedDown
    262,  # ExceededTimeLimit
    9001,  # SocketException
    14031,  # OutOfDiskSpace
    10058,  # LegacyNotPrimary
    10107,  # NotWritablePrimary
    11600,  # InterruptedAtShutdown
    11602,  # InterruptedDueToReplStateChange
    13435,  # NotPrimaryNoSecondaryOk
    13436,  # NotPrimaryOrSecondary
}

_DUPLICATE_KEY = 11000
_WRITE_CONFLICT = 112


def translate(error: PyMongoError) -> StoreError:
    """Return our error for a driver's error. Its message names the driver's class, for the log."""
    message = f"{type(error).__name__}: {error}"
    if isinstance(
        error, ConnectionFailure | ExecutionTimeout | WTimeoutError | WaitQueueTimeoutError
    ):
        return DatabaseUnavailable(message)
    if isinstance(error, InvalidOperation) and "after close" in str(error):
        return DatabaseUnavailable(message)  # the server is stopping
    if isinstance(error, OperationFailure) and error.code in _UNAVAILABLE_CODES:
        return DatabaseUnavailable(message)
    if isinstance(error, OperationFailure) and error.code in _CONFLICT_CODES:
        return WriteConflict(message)
    duplicate = _duplicate_key(error)
    if duplicate:
        return DuplicateKey(f"{type(error).__name__}: {duplicate}")
    return UnexpectedStoreError(message)


def meets_another_insert(error: PyMongoError) -> bool:
    """Return whether a unique key of an inserted document is in use, or about to be.

    For a key in a transaction that has not ended, or that has committed since this one began, the
    server reports a write conflict.
    """
    return isinstance(error, OperationFailure) and error.code in (_DUPLICATE_KEY, _WRITE_CONFLICT)


def is_duplicate_key(error: PyMongoError) -> bool:
    """Return whether the error is about a unique key that is in use."""
    return bool(_duplicate_key(error))


def _duplicate_key(error: PyMongoError) -> str:
    """Return the server's sentence about a unique key that is in use; "" for any other error.

    `insert_many` reports it in `writeErrors`, `insert_one` by its own code.
    """
    if isinstance(error, BulkWriteError):
        faults = (error.details or {}).get("writeErrors", [])
        messages = [fault.get("errmsg", "") for fault in faults if fault["code"] == _DUPLICATE_KEY]
        return messages[0] or "duplicate key" if messages else ""
    is_duplicate = isinstance(error, OperationFailure) and error.code == _DUPLICATE_KEY
    return str(error) if is_duplicate else ""


@contextmanager
def translated() -> Iterator[None]:
    """Raise our error in place of the driver's, or of no answer while a request has patience."""
    with waiting():
        try:
            yield
        except PyMongoError as error:
            raise translate(error) from error
