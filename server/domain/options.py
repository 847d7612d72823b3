"""The options of a batch."""

from dataclasses import dataclass

from server.domain.errors import BadInput

DEFAULT_BATCH_SIZE = 500
MAX_BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """`atomic`: the whole batch is one transaction, all or nothing; otherwise one per chunk.
    `batch_size`: items per chunk. `dry_run`: everything runs and is rolled back.
    """

    atomic: bool = False
    batch_size: int = DEFAULT_BATCH_SIZE
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= MAX_BATCH_SIZE:
            raise BadInput(
                f"options.batchSize is {self.batch_size}: it must be from 1 to {MAX_BATCH_SIZE}. "
                f"Leave it out for {DEFAULT_BATCH_SIZE}."
            )
