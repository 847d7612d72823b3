"""The options of a batch."""

from dataclasses import dataclass

from server.domain.errors import BadInput

DEFAULT_BATCH_SIZE = 500
MAX_BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a batch runs.

    `atomic`: the whole batch is one transaction; otherwise each chunk is.
    `continue_on_error`: an item that fails is left out, and the others go on. If False, an atomic
    batch is rolled back, and any other ends at its first failure. None means `not atomic`.
    `validate_before_write`: a batch that would end at a failure does not begin if a field of any
    item is invalid.
    `batch_size`: the number of items per chunk.
    `dry_run`: everything runs, and is rolled back.
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
        """Return whether the other items go on when an item fails."""
        return not self.atomic if self.continue_on_error is None else self.continue_on_error

    @property
    def ends_at_failure(self) -> bool:
        """Return whether items before the first failure stay applied, and the rest does not run."""
        return not (self.atomic or self.goes_on)
