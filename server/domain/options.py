"""The options of a batch."""

from dataclasses import dataclass

from server.domain.errors import BadInput

DEFAULT_BATCH_SIZE = 500
MAX_BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """`atomic`: the whole batch is one transaction; otherwise one per chunk.
    `continue_on_error`: an item that fails is taken out and the others go on; otherwise an atomic
    batch is undone, and any other ends there. None: unless atomic.
    `validate_before_write`: a batch that ends at failures is not begun if a field of it is bad.
    `batch_size`: items per chunk. `dry_run`: everything runs and is rolled back.
    """

    atomic: bool = False
    continue_on_error: bool | None = None
    validate_before_write: bool = False
    batch_size: int = DEFAULT_BATCH_SIZE
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= MAX_BATCH_SIZE:
            raise BadInput(
                f"options.batchSize is {self.batch_size}: it must be from 1 to {MAX_BATCH_SIZE}. "
                f"Leave it out for {DEFAULT_BATCH_SIZE}."
            )

    @property
    def goes_on(self) -> bool:
        """Whether the others go on when an item fails."""
        return not self.atomic if self.continue_on_error is None else self.continue_on_error

    @property
    def ends_at_failure(self) -> bool:
        """Whether what stands before the first failure stays, and the rest is not tried."""
        return not (self.atomic or self.goes_on)
