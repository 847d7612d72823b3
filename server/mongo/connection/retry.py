"""What the transaction runner does next, decided from an error's labels alone."""

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
    """Only what the server or driver calls transient is worth another run."""
    transient = error.has_error_label("TransientTransactionError")
    return Next.RUN_AGAIN if transient else Next.GIVE_UP


def after_commit(error: PyMongoError) -> Next:
    """A commit that failed without a label may have taken effect: that is found out, not guessed.

    Source: MongoDB's transactions specification, “UnknownTransactionCommitResult”.
    """
    if error.has_error_label("UnknownTransactionCommitResult"):
        return Next.COMMIT_AGAIN
    if error.has_error_label("TransientTransactionError"):
        return Next.RUN_AGAIN
    return Next.FIND_OUT


def pause(attempt: int, jitter: float) -> float:
    """Seconds to wait before the attempt after number `attempt`; `jitter` is in 0..1.

    Source: MongoDB's convenient API for transactions, jitter × min(5 ms × 1.5ⁿ, 500 ms).
    """
    return jitter * min(_FIRST_SECONDS * _GROWTH**attempt, _LONGEST_SECONDS)
