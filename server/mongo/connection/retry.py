"""What to do after a failed transaction or commit, decided from the error's labels alone."""

from enum import Enum

from pymongo.errors import PyMongoError

_FIRST_SECONDS = 0.005
_GROWTH = 1.5
_LONGEST_SECONDS = 0.5


class Next(Enum):
    RUN_AGAIN = "run the body again"
    COMMIT_AGAIN = "send the commit again"
    FIND_OUT = "find out whether the commit took effect"
    GIVE_UP = "give up: the body itself failed"


def after_body(error: PyMongoError) -> Next:
    """Return RUN_AGAIN if the server or the driver calls the error transient; else GIVE_UP."""
    transient = error.has_error_label("TransientTransactionError")
    return Next.RUN_AGAIN if transient else Next.GIVE_UP


def after_commit(error: PyMongoError) -> Next:
    """Return what to do after a failed commit. Without a label it may have taken effect: FIND_OUT.

    Source: MongoDB's transactions specification, “UnknownTransactionCommitResult”.
    """
    if error.has_error_label("UnknownTransactionCommitResult"):
        return Next.COMMIT_AGAIN
    if error.has_error_label("TransientTransactionError"):
        return Next.RUN_AGAIN
    return Next.FIND_OUT


def pause(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after attempt number `attempt`, from 0; `jitter` is in 0..1.

    Source: MongoDB's convenient API for transactions, jitter × min(5 ms × 1.5ⁿ, 500 ms).
    """
    return jitter * min(_FIRST_SECONDS * _GROWTH**attempt, _LONGEST_SECONDS)
