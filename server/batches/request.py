"""A request to store a batch and to run it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.domain.caller import ANONYMOUS
from server.domain.file_form import FileForm
from server.domain.options import BatchOptions
from server.kinds.kind import BatchWork


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What a caller wants done with a list of items, which comes beside it.

    `key` is the caller's idempotency key. `retry_of` is the batch whose failed items these are.
    `charged_to` is whose limits the items count for.
    `file` returns the form of the file that the items come in, once all of them were read.
    `answer_options` change nothing but the answer, yet they are part of what a key stands for.
    """

    work: BatchWork[Any, Any]
    options: BatchOptions
    created_by: str = ANONYMOUS.name
    charged_to: str = ""
    key: str | None = None
    retry_of: str | None = None
    file: Callable[[], FileForm | None] = lambda: None
    answer_options: Mapping[str, Any] = field(default_factory=dict)
