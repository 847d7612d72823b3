"""What a server answers, as values, and the errors of a command that calls one."""

from collections.abc import Sequence
from typing import Any

from click import ClickException, echo
from msgspec import Struct


class Batch(Struct, frozen=True, rename="camel"):
    """The progress of a batch. `dry_run`: it keeps nothing but its results."""

    batch_id: str
    operation_type: str
    status: str
    success_count: int
    failure_count: int
    processed_items: int
    total_items: int
    created_at: str
    created_by: str = ""
    completed_at: str | None = None
    error: str | None = None
    dry_run: bool = False

    @property
    def has_ended(self) -> bool:
        """Return whether nothing of the batch will change any more."""
        return self.status in ("completed", "failed", "cancelled")


class BatchPage(Struct, frozen=True):
    """A page of batches; `next` is where the next one begins."""

    batches: list[Batch]
    next: str | None = None


class FoundOut(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the server has found out about a file."""

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    ignored_columns: list[str] = []


class Submission(Struct, frozen=True, rename="camel"):
    """The answer to a file that was sent. `replayed`: the file was sent before with its key."""

    batch_id: str
    total_items: int
    status: str
    warning: str | None = None
    file: FoundOut | None = None
    replayed: bool = False


class _Refusal(Struct, frozen=True, rename="camel"):
    code: str
    message: str
    reasons: list[str] = []
    error_id: str | None = None


class RefusalBody(Struct, frozen=True):
    """The form of an error over REST."""

    error: _Refusal


class CommandFailed(ClickException):
    """A command could not do what it is for; the message says why and what to do."""

    def show(self, file: Any = None) -> None:
        """Print the message to standard error."""
        echo(f"stockbatch: {self.format_message()}", file=file, err=file is None)


class ServerAway(CommandFailed):
    """No server answers."""


class ServerRefused(CommandFailed):
    """The server has refused the request; `code` says why, for programs."""

    def __init__(self, status: int, code: str, message: str, reasons: Sequence[str] = ()) -> None:
        more = [reason for reason in reasons if reason != message]
        super().__init__("\n  ".join([f"The server refuses this ({code}): {message}", *more]))
        self.status = status
        self.code = code
