"""Which results of a batch are wanted."""

from dataclasses import dataclass
from typing import Final

from server.domain.item_error import ItemErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFilter:
    """The conditions that a result must meet, all of them; `product_id` is in lower case."""

    success: bool | None = None
    product_id: str | None = None
    code: ItemErrorCode | None = None

    @property
    def searches(self) -> bool:
        """Return whether results are looked for that no count of a chunk tells of."""
        return self.product_id is not None or self.code is not None


ALL_RESULTS: Final = ResultFilter()
