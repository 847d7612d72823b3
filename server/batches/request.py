"""A batch that somebody wants to be stored and run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.domain.options import BatchOptions
from server.kinds.kind import BatchWork


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """`key` is the caller's idempotency key; `retry_of` the batch whose failed items these are.

    `answer_options` are those that change nothing but the answer; a key stands for them, too.
    """

    work: BatchWork[Any, Any]
    options: BatchOptions
    created_by: str = "anonymous"
    key: str | None = None
    retry_of: str | None = None
    answer_options: Mapping[str, Any] = field(default_factory=dict)
