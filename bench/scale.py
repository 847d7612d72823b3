"""How much is measured: a full run, or one that only proves that everything runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.tables.pauses import PausePlan
from bench.tables.rounds import Limit
from bench.tables.storms import CLIENTS, StormPlan

MOST_ITEMS = 10_000  # the server's default limit, and the number of products


@dataclass(frozen=True)
class Scale:
    """`limit` is for requests, `rounds` for what takes longer; sizes and `large` are items."""

    products: int
    sizes: Sequence[int]
    limit: Limit
    rounds: int
    accepted: Sequence[int]
    large: int
    keyed: int
    submissions: int
    storms: StormPlan
    pauses: PausePlan

    def repeated(self, rounds: int) -> "Scale":
        """Return this scale with so many rounds of each row."""
        return replace(
            self,
            limit=Limit(rounds, rounds),
            rounds=rounds,
            storms=replace(self.storms, rounds=rounds),
            pauses=replace(self.pauses, rounds=rounds),
        )


FULL = Scale(
    products=MOST_ITEMS,
    sizes=[1, 100, 1_000, MOST_ITEMS],
    limit=Limit(fewest=5, most=40, seconds=4),  # many rounds of small batches, few of large ones
    rounds=3,
    accepted=[100, 10_000, 100_000],
    large=100_000,
    keyed=60,
    submissions=100,
    storms=StormPlan(CLIENTS, seconds=2.5, rounds=3),
    pauses=PausePlan(MOST_ITEMS, [MOST_ITEMS + 1, 400_000], 100_000, rounds=3),
)
QUICK = Scale(
    products=700,  # two chunks
    sizes=[1, 20, 700],
    limit=Limit(1, 1),
    rounds=1,
    accepted=[700],
    large=1_400,
    keyed=2,
    submissions=3,
    storms=StormPlan([1, 8], seconds=0.4, rounds=1),
    pauses=PausePlan(700, [MOST_ITEMS + 1], 1_400, rounds=1),
)
